# The core as firmware builds it, for build systems that take lists of files: the built-in codec and
# the small table of CRC-32C. Sets VN_FIRMWARE_SOURCES, VN_FIRMWARE_INCLUDE, VN_FIRMWARE_PRIVATE.
get_filename_component(VN_FIRMWARE_CORE "${CMAKE_CURRENT_LIST_DIR}/../firmware-agnostic-core"
                       ABSOLUTE)
set(VN_FIRMWARE_INCLUDE ${VN_FIRMWARE_CORE}/include)
set(VN_FIRMWARE_PRIVATE ${VN_FIRMWARE_CORE}/src)
file(GLOB VN_FIRMWARE_SOURCES ${VN_FIRMWARE_CORE}/src/*.c ${VN_FIRMWARE_CORE}/src/builtin/*.c)
list(FILTER VN_FIRMWARE_SOURCES EXCLUDE REGEX "/(cbor_codec_libcbor|crc32c_slices)\\.c$")
