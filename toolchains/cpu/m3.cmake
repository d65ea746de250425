# Cortex-M3: no FPU.
set(VN_CPU_FLAGS "-mcpu=cortex-m3 -mfloat-abi=soft")
set(VN_BOARD mps2-an385)
