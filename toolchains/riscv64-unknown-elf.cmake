# Bare-metal RISC-V without a libc: 32 bits, no FPU, QEMU's board `virt`.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv)
set(CMAKE_C_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY) # a test program cannot be linked here

execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=include
                OUTPUT_VARIABLE VN_COMPILER_HEADERS OUTPUT_STRIP_TRAILING_WHITESPACE)
string(JOIN " " CMAKE_C_FLAGS_INIT
       "-march=rv32imac -mabi=ilp32 -ffreestanding -nostdinc -isystem ${VN_COMPILER_HEADERS}"
       "-isystem ${CMAKE_CURRENT_LIST_DIR}/freestanding -ffunction-sections -fdata-sections")
get_filename_component(VN_BOARD_FOLDER ${CMAKE_CURRENT_LIST_DIR}/../platform/riscv-virt ABSOLUTE)
set(VN_LINKER_SCRIPT ${VN_BOARD_FOLDER}/virt.ld)
set(VN_BOARD_SOURCES ${VN_BOARD_FOLDER}/start_up.c ${VN_BOARD_FOLDER}/semihosting_call.c)
set(CMAKE_EXE_LINKER_FLAGS_INIT "-nostartfiles -nodefaultlibs -Wl,--gc-sections")
set(CMAKE_C_STANDARD_LIBRARIES "-lgcc") # behind the objects: 64-bit division, soft float
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-system-riscv32 -M virt -bios none -nographic -monitor none
                                  -serial none -semihosting-config enable=on,target=native -kernel)
