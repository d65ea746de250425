# Linux on 32-bit ARM with hardware floating point.
set(CMAKE_SYSTEM_PROCESSOR arm)
set(VN_TRIPLET arm-linux-gnueabihf)
set(VN_DEBIAN_ARCH armhf)
set(VN_EMULATOR qemu-arm)
include(${CMAKE_CURRENT_LIST_DIR}/linux-cross.cmake)
