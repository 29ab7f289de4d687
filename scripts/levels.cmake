# levels.cmake - the folders of the CPU's kernels once more for AVX2 (x86-64-v3) and AVX-512 (x86-64-v4), beside the build's own code.
#
# The objects of a level become one object, in which all names but the tables' are local; the tables get the level's name behind theirs.
# sim/level.c chooses at run time. Appends the objects to library_objects. Included by CMakeLists.txt.
include(CheckCCompilerFlag)
check_c_compiler_flag(-march=x86-64-v4 DSGD_HAS_V4)
if(DSGD_DISPATCH AND NOT DSGD_MARCH AND CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64" AND CMAKE_OBJCOPY AND DSGD_HAS_V4)
  set(level_tables dsgd_device_cpu dsgd_device_guard dsgd_linear_cpu dsgd_sigmoid_cpu dsgd_multiclass_cpu dsgd_quadratic_cpu dsgd_plain_cpu)
  set(level_folders sim/cpu sim/codec sim/guard convex/cpu)
  set(level_sources)
  foreach(folder IN LISTS level_folders)
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.c)
    list(APPEND level_sources ${sources})
  endforeach()
  list(JOIN level_tables "," level_tables_text)
  set(level_joined)
  foreach(level v3 v4)
    add_library(dsgd_level_${level} OBJECT ${level_sources})
    set_target_properties(dsgd_level_${level} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_link_libraries(dsgd_level_${level} PUBLIC dsgd_options)
    target_compile_options(dsgd_level_${level} PRIVATE -march=x86-64-${level} ${DSGD_FRAME_WARNING})
    set(joined ${CMAKE_BINARY_DIR}/level-${level}.o)
    add_custom_command(OUTPUT ${joined}
      COMMAND sh ${CMAKE_SOURCE_DIR}/scripts/level.sh ${CMAKE_LINKER} ${CMAKE_OBJCOPY} ${level} ${joined} ${level_tables_text} $<TARGET_OBJECTS:dsgd_level_${level}>
      DEPENDS $<TARGET_OBJECTS:dsgd_level_${level}> ${CMAKE_SOURCE_DIR}/scripts/level.sh
      COMMAND_EXPAND_LISTS VERBATIM)
    list(APPEND level_joined ${joined})
  endforeach()
  set_source_files_properties(${level_joined} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
  add_custom_target(dsgd_levels DEPENDS ${level_joined})
  list(APPEND library_objects ${level_joined})
  list(LENGTH level_joined more)
  math(EXPR levels "${more} + 1")
  set(level_definitions "DSGD_ISAS=${levels};DSGD_BASE_LEVEL=\"x86-64\"")
elseif(DSGD_MARCH)
  set(level_definitions "DSGD_BASE_LEVEL=\"${DSGD_MARCH}\"")
else()
  set(level_definitions "DSGD_BASE_LEVEL=\"${CMAKE_SYSTEM_PROCESSOR}\"")
endif()
set_source_files_properties(${CMAKE_SOURCE_DIR}/sim/level.c ${CMAKE_SOURCE_DIR}/sim/devices.c ${CMAKE_SOURCE_DIR}/convex/kernels.c ${CMAKE_SOURCE_DIR}/convex/plain.c
  PROPERTIES COMPILE_DEFINITIONS "${level_definitions}")
