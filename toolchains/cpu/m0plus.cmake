# Cortex-M0+: no hardware division, no FPU; compiled and measured, never run.
set(VN_CPU_FLAGS "-mcpu=cortex-m0plus -mfloat-abi=soft")
set(VN_BOARD "")
set(VN_BOARD_DEFINITIONS VN_UART_BASE=0x40004000u)
set(VN_MEMORY mps2)
