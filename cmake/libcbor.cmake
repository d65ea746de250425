# libcbor as VN_LIBCBOR_TARGET: what pkg-config finds, or what lies in VN_LIBCBOR_ROOT. That is for
# machines without a package of it, such as bare metal: the codec calls its encoders and its
# streaming decoder only, which need no heap.
if(VN_LIBCBOR_ROOT STREQUAL "")
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(VN_LIBCBOR REQUIRED IMPORTED_TARGET libcbor)
  set(VN_LIBCBOR_TARGET PkgConfig::VN_LIBCBOR)
elseif(EXISTS ${VN_LIBCBOR_ROOT}/CMakeLists.txt)
  set(WITH_TESTS OFF)
  set(WITH_EXAMPLES OFF)
  set(BUILD_SHARED_LIBS OFF)
  add_subdirectory(${VN_LIBCBOR_ROOT} ${CMAKE_CURRENT_BINARY_DIR}/libcbor EXCLUDE_FROM_ALL SYSTEM)
  set(VN_LIBCBOR_TARGET $<BUILD_INTERFACE:cbor>)
else()
  find_path(VN_LIBCBOR_INCLUDE cbor/streaming.h PATHS ${VN_LIBCBOR_ROOT}/include NO_DEFAULT_PATH
                                                      NO_CMAKE_FIND_ROOT_PATH)
  find_library(VN_LIBCBOR_LIBRARY cbor PATHS ${VN_LIBCBOR_ROOT}/lib NO_DEFAULT_PATH
                                             NO_CMAKE_FIND_ROOT_PATH)
  if(NOT VN_LIBCBOR_INCLUDE OR NOT VN_LIBCBOR_LIBRARY)
    message(FATAL_ERROR "VN_LIBCBOR_ROOT is '${VN_LIBCBOR_ROOT}': no source of libcbor is there, "
                        "nor include/cbor/streaming.h with a library in lib")
  endif()
  add_library(vnotch-libcbor INTERFACE)
  target_include_directories(vnotch-libcbor SYSTEM INTERFACE ${VN_LIBCBOR_INCLUDE})
  target_link_libraries(vnotch-libcbor INTERFACE ${VN_LIBCBOR_LIBRARY})
  set(VN_LIBCBOR_TARGET $<BUILD_INTERFACE:vnotch-libcbor>)
endif()
