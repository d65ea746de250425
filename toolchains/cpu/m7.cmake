# Cortex-M7: double-precision FPU.
set(VN_CPU_FLAGS "-mcpu=cortex-m7 -mfloat-abi=hard -mfpu=fpv5-d16")
set(VN_BOARD mps2-an500)
set(VN_BOARD_DEFINITIONS VN_UART_BASE=0x40004000u)
set(VN_MEMORY mps2)
