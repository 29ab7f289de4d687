# install.cmake - `cmake --install`: command, library, public headers, pkg-config and CMake descriptions, man pages.
#
# The installation can be moved: every path in it is relative. Included by CMakeLists.txt.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Headers lie in include/dsgd/FOLDER and are included as "FOLDER/name.h", as in the tree.
set(dsgd_public_headers
  sim/algorithm.h sim/device.h sim/engine.h sim/message.h sim/param.h sim/problem.h sim/registry.h sim/run_config.h
  record/runfile.h sim/schedule.h sim/status.h sim/table.h sim/transport.h
  lab/plugin.h lab/config/spec.h lab/run/costs.h lab/run/output.h lab/run/run.h lab/run/session.h convex/optimum_cache.h record/replace.h
  algorithms/registry.h algorithms/error_memory.h algorithms/sketch_hash.h algorithms/sparsifier.h algorithms/dgc_warmup.h
  sim/kernel/block_hash.h sim/kernel/hd.h sim/kernel/maths.h sim/kernel/median.h sim/kernel/normal.h sim/kernel/number.h sim/kernel/permutation.h sim/kernel/rng.h
  sim/kernel/sum.h sim/kernel/vec.h
  convex/kernel/loss.h convex/kernel/quadratic.h convex/kernels.h convex/linear.h convex/optimum.h convex/quadratic.h convex/registry.h datasets/dataset.h datasets/noise.h datasets/split.h)
foreach(header IN LISTS dsgd_public_headers)
  get_filename_component(folder ${header} DIRECTORY)
  install(FILES ${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/dsgd/${folder})
endforeach()

file(RELATIVE_PATH bin_to_lib ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
set_target_properties(dsgd PROPERTIES INSTALL_RPATH "$ORIGIN/${bin_to_lib}")
set_target_properties(dsgd_lib PROPERTIES EXPORT_NAME dsgd)
target_include_directories(dsgd_lib INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/dsgd>)
install(TARGETS dsgd)
install(TARGETS dsgd_lib EXPORT dsgdTargets)
if(TARGET dsgd_cuda_library) # loaded from beside libdsgd
  install(TARGETS dsgd_cuda_library LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/dsgd)
configure_package_config_file(scripts/dsgdConfig.cmake.in generated/dsgdConfig.cmake INSTALL_DESTINATION ${package_dir}
  NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(generated/dsgdConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(EXPORT dsgdTargets NAMESPACE dsgd:: DESTINATION ${package_dir})
install(FILES ${CMAKE_BINARY_DIR}/generated/dsgdConfig.cmake ${CMAKE_BINARY_DIR}/generated/dsgdConfigVersion.cmake
  DESTINATION ${package_dir})

file(RELATIVE_PATH pc_to_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" pc_to_prefix "${pc_to_prefix}")
configure_file(scripts/dsgd.pc.in generated/dsgd.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/generated/dsgd.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# The configurations of the documents, to run and to copy from.
install(DIRECTORY ${CMAKE_SOURCE_DIR}/experiments/ DESTINATION ${CMAKE_INSTALL_DATADIR}/dsgd/experiments
  FILES_MATCHING PATTERN "*.conf" PATTERN "*.sweep")

# Man pages: made on request (they need help2man), installed if they are there.
add_custom_target(man COMMAND bash ${CMAKE_SOURCE_DIR}/scripts/man.sh $<TARGET_FILE:dsgd> ${CMAKE_BINARY_DIR}/man
  DEPENDS dsgd VERBATIM)
install(DIRECTORY ${CMAKE_BINARY_DIR}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 OPTIONAL FILES_MATCHING PATTERN "*.1")
