# Cortex-M55.
set(VN_CPU_FLAGS "-mcpu=cortex-m55 -mfloat-abi=hard")
set(VN_BOARD mps3-an547)
set(VN_BOARD_DEFINITIONS VN_UART_BASE=0x49303000u)
set(VN_MEMORY mps3)
