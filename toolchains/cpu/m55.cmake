# Cortex-M55.
set(VN_CPU_FLAGS "-mcpu=cortex-m55 -mfloat-abi=hard")
set(VN_BOARD mps3-an547)
