# Bare-metal Cortex-M without a libc. VN_CPU names a file of toolchains/cpu.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY) # a test program cannot be linked here
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES VN_CPU)

set(VN_CPU m3 CACHE STRING "A name from toolchains/cpu: m0plus, m3, m4f, m7, m55")
if(NOT EXISTS ${CMAKE_CURRENT_LIST_DIR}/cpu/${VN_CPU}.cmake)
  message(FATAL_ERROR "VN_CPU is '${VN_CPU}': use m0plus, m3, m4f, m7 or m55")
endif()
include(${CMAKE_CURRENT_LIST_DIR}/cpu/${VN_CPU}.cmake) # VN_CPU_FLAGS, VN_BOARD

# Only the compiler's own headers and the one in freestanding/, whether a libc is installed or not:
# what the core includes beyond them is an error.
execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=include
                OUTPUT_VARIABLE VN_COMPILER_HEADERS OUTPUT_STRIP_TRAILING_WHITESPACE)
string(JOIN " " CMAKE_C_FLAGS_INIT
       "${VN_CPU_FLAGS} -mthumb -ffreestanding -nostdinc -isystem ${VN_COMPILER_HEADERS}"
       "-isystem ${CMAKE_CURRENT_LIST_DIR}/freestanding"
       "-ffunction-sections -fdata-sections -fstack-usage -g")
set(VN_LINKER_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/../platform/cortex-m/${VN_MEMORY}.ld)
set(VN_BOARD_SOURCES start_up.c semihosting_call.c uart.c)
set(CMAKE_EXE_LINKER_FLAGS_INIT "-nostartfiles -nodefaultlibs -Wl,--gc-sections")
set(CMAKE_C_STANDARD_LIBRARIES "-lgcc") # behind the objects: 64-bit division, soft float
if(VN_BOARD) # QEMU has no board with a Cortex-M0+
  set(CMAKE_CROSSCOMPILING_EMULATOR qemu-system-arm -M ${VN_BOARD} -nographic -monitor none -serial
                                    none -semihosting-config enable=on,target=native -kernel)
endif()
