# Cortex-M4F: single-precision FPU.
set(VN_CPU_FLAGS "-mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16")
set(VN_BOARD mps2-an386)
set(VN_BOARD_DEFINITIONS VN_UART_BASE=0x40004000u)
set(VN_MEMORY mps2)
