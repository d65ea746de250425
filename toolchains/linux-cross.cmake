# Common part of the Linux ARM toolchains; the including file sets VN_TRIPLET, VN_DEBIAN_ARCH and
# VN_EMULATOR. With a sysroot (tools/sysroot) everything is built, without one the core alone.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_C_COMPILER ${VN_TRIPLET}-gcc)
set(CMAKE_LIBRARY_ARCHITECTURE ${VN_TRIPLET})

set(VN_SYSROOT ${CMAKE_CURRENT_LIST_DIR}/../build/sysroot)
if(DEFINED ENV{VN_SYSROOT})
  set(VN_SYSROOT $ENV{VN_SYSROOT})
endif()
get_filename_component(VN_SYSROOT ${VN_SYSROOT}/${VN_DEBIAN_ARCH} ABSOLUTE)

set(CMAKE_FIND_ROOT_PATH ${VN_SYSROOT} /usr/${VN_TRIPLET})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

if(EXISTS ${VN_SYSROOT}/usr/lib/${VN_TRIPLET})
  set(ENV{PKG_CONFIG_SYSROOT_DIR} ${VN_SYSROOT})
  set(ENV{PKG_CONFIG_LIBDIR} ${VN_SYSROOT}/usr/lib/${VN_TRIPLET}/pkgconfig)
  # paho's own dependencies are found by the linker only when told where.
  set(CMAKE_EXE_LINKER_FLAGS_INIT
      "-Wl,-rpath-link,${VN_SYSROOT}/usr/lib/${VN_TRIPLET}:${VN_SYSROOT}/lib/${VN_TRIPLET}")
  set(CMAKE_CROSSCOMPILING_EMULATOR ${VN_EMULATOR} -L ${VN_SYSROOT})
else()
  # Not in the cache: a sysroot that comes later changes the next configuration.
  set(VN_CBOR builtin)
  set(VN_CORE_ONLY ON)
endif()
