# Linux on 64-bit ARM.
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(VN_TRIPLET aarch64-linux-gnu)
set(VN_DEBIAN_ARCH arm64)
set(VN_EMULATOR qemu-aarch64)
include(${CMAKE_CURRENT_LIST_DIR}/linux-cross.cmake)
