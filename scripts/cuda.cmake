# cuda.cmake - the CUDA library, where nvcc is found; everything else is built without it. Included by CMakeLists.txt.
#
# The library is the .cu files of sim/cuda and convex/cuda, the static CUDA runtime and nothing else. The program loads it when a
# configuration asks for it, and both carry a number made of the files that decide what they share: a library of other files is refused.
option(DSGD_CUDA "Build the CUDA library where nvcc is found" ON)
option(DSGD_CUDA_REQUIRE "Stop if nvcc is missing" OFF)

file(GLOB dsgd_cuda_kernels CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/sim/cuda/*.cu ${CMAKE_SOURCE_DIR}/convex/cuda/*.cu)
file(GLOB cuda_shared CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/sim/cuda/* ${CMAKE_SOURCE_DIR}/convex/cuda/* ${CMAKE_SOURCE_DIR}/sim/kernel/*.h
     ${CMAKE_SOURCE_DIR}/convex/kernel/*.h ${CMAKE_SOURCE_DIR}/sim/array.h)
set(cuda_build_header ${CMAKE_BINARY_DIR}/generated/dsgd_cuda_build.h)
string(REPLACE ";" "," cuda_shared_text "${cuda_shared}")
add_custom_command(OUTPUT ${cuda_build_header}
  COMMAND ${CMAKE_COMMAND} -DFILES=${cuda_shared_text} -DOUTPUT=${cuda_build_header} -P ${CMAKE_SOURCE_DIR}/scripts/cuda_build.cmake
  DEPENDS ${cuda_shared} ${CMAKE_SOURCE_DIR}/scripts/cuda_build.cmake VERBATIM)
add_custom_target(dsgd_cuda_build DEPENDS ${cuda_build_header})
add_dependencies(dsgd_sim dsgd_cuda_build)

set(DSGD_HAVE_NVCC OFF)
if(DSGD_CUDA AND NOT DSGD_SANITIZE AND NOT DSGD_FUZZ)
  include(CheckLanguage)
  if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
    find_program(DSGD_NVCC nvcc HINTS $ENV{CUDA_HOME}/bin $ENV{CUDA_PATH}/bin /usr/local/cuda/bin /opt/cuda/bin)
    if(DSGD_NVCC)
      set(ENV{CUDACXX} ${DSGD_NVCC})
    endif()
  endif()
  if(NOT CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES 80-real 90-real 90-virtual) # before the language is looked for, or its default is taken
  endif()
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    set(CMAKE_CUDA_STANDARD 17)
    set(CMAKE_CUDA_RUNTIME_LIBRARY Static)
    enable_language(CUDA)
    add_library(dsgd_cuda_library MODULE ${dsgd_cuda_kernels})
    set_target_properties(dsgd_cuda_library PROPERTIES OUTPUT_NAME dsgd_cuda CUDA_VISIBILITY_PRESET hidden)
    target_include_directories(dsgd_cuda_library PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
    # fmad: the same roundings as in C. ptxas: registers and spills of every kernel, for tests/cuda_objects.sh.
    target_compile_options(dsgd_cuda_library PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:-fmad=false -Xptxas=-v -Xcompiler=-ffp-contract=off>)
    target_link_options(dsgd_cuda_library PRIVATE -static-libstdc++ -static-libgcc
      LINKER:--version-script=${CMAKE_SOURCE_DIR}/scripts/cuda.map) # needs nothing beside libdsgd and the driver
    add_dependencies(dsgd_cuda_library dsgd_cuda_build)
    set(DSGD_HAVE_NVCC ON)
  elseif(DSGD_CUDA_REQUIRE)
    message(FATAL_ERROR "DSGD_CUDA_REQUIRE is on and nvcc was not found")
  else()
    message(STATUS "no nvcc: the CUDA library is not built")
  endif()
endif()
