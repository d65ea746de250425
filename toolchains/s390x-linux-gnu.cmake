# Linux on a big-endian processor: no target of its own, but a proof that byte order plays no part.
# The core alone, with programs that are linked statically.
set(CMAKE_SYSTEM_PROCESSOR s390x)
set(VN_TRIPLET s390x-linux-gnu)
set(VN_DEBIAN_ARCH s390x)
set(VN_EMULATOR qemu-s390x)
include(${CMAKE_CURRENT_LIST_DIR}/linux-cross.cmake)
