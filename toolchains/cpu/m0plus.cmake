# Cortex-M0+: no hardware division, no FPU; compiled and measured, never run.
set(VN_CPU_FLAGS "-mcpu=cortex-m0plus -mfloat-abi=soft")
set(VN_BOARD "")
