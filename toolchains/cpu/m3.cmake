# Cortex-M3: no FPU.
set(VN_CPU_FLAGS "-mcpu=cortex-m3 -mfloat-abi=soft")
set(VN_BOARD mps2-an385)
set(VN_BOARD_DEFINITIONS VN_UART_BASE=0x40004000u)
set(VN_MEMORY mps2)
