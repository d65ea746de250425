# What an engine and a store take on 32-bit targets, for `vnotch budget --target`. Any compiler for
# 32 bits that aligns integers of 64 bits to 8 can tell; it needs neither a libc nor a linker.
#
# Included: vn_add_target_sizes. As a script: writes the header OUTPUT; COMPILER makes the assembly.
if(CMAKE_SCRIPT_MODE_FILE)
  set(text "/* Bytes of an engine and of entries of a store's arrays, on 32-bit targets. */\n")
  if(NOT COMPILER)
    file(WRITE ${OUTPUT} "${text}#define VN_TARGETS_KNOWN 0\n")
    return()
  endif()
  execute_process(COMMAND ${COMPILER} OUTPUT_VARIABLE assembly COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "size_of_[a-z_]+, *[0-9]+" lines "${assembly}")
  string(APPEND text "#define VN_TARGETS_KNOWN 1\n")
  foreach(line ${lines})
    string(REGEX REPLACE "size_of_([a-z_]+), *([0-9]+)" "#define VN_TARGET_BYTES_\\1 \\2u\n" line
                         "${line}")
    if(NOT text MATCHES "${line}") # .comm and .size both tell it
      string(APPEND text "${line}")
    endif()
  endforeach()
  file(WRITE ${OUTPUT} "${text}")
  return()
endif()

# The first that works of: one for Cortex-M, clang for the same, the build's own.
function(vn_find_target_compiler variable arguments)
  set(own ${CMAKE_C_COMPILER})
  if(NOT CMAKE_SIZEOF_VOID_P EQUAL 4)
    list(APPEND own -m32 -malign-double)
  endif()
  foreach(candidate "arm-none-eabi-gcc;-mcpu=cortex-m3;-mthumb" "clang;--target=armv7m-none-eabi"
                    "${own}")
    execute_process(COMMAND ${candidate} ${arguments} RESULT_VARIABLE failed OUTPUT_QUIET
                                                                             ERROR_QUIET)
    if(failed EQUAL 0)
      set(${variable} ${candidate} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  set(${variable} "" PARENT_SCOPE)
endfunction()

# Makes target_sizes.h in `folder` whenever a header of the core changes.
function(vn_add_target_sizes folder source)
  set(arguments -std=c11 -ffreestanding -S -o - -I${PROJECT_SOURCE_DIR}/toolchains/freestanding
                -I${PROJECT_SOURCE_DIR}/firmware-agnostic-core/include ${source})
  vn_find_target_compiler(compiler "${arguments}")
  if(compiler)
    list(APPEND compiler ${arguments})
  else()
    message(STATUS "no compiler for 32 bits: vnotch budget knows no targets")
  endif()
  file(GLOB headers CONFIGURE_DEPENDS
       ${PROJECT_SOURCE_DIR}/firmware-agnostic-core/include/vn/*.h)
  add_custom_command(
    OUTPUT ${folder}/target_sizes.h
    COMMAND ${CMAKE_COMMAND} "-DCOMPILER=${compiler}" -DOUTPUT=${folder}/target_sizes.h -P
            ${PROJECT_SOURCE_DIR}/cmake/target_sizes.cmake
    DEPENDS ${source} ${headers} ${PROJECT_SOURCE_DIR}/cmake/target_sizes.cmake
    VERBATIM)
endfunction()
