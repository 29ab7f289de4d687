# Writes the header with revision, compiler and version, only when its text changes.
execute_process(COMMAND git -C ${SOURCE} rev-parse HEAD OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE
                RESULT_VARIABLE failed ERROR_QUIET)
set(dirty 0)
if(failed)
  set(revision "unknown")
else()
  execute_process(COMMAND git -C ${SOURCE} status --porcelain --untracked-files=no OUTPUT_VARIABLE changes ERROR_QUIET)
  if(changes)
    set(dirty 1)
  endif()
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#define DSGD_GIT_REVISION \"${revision}\"
#define DSGD_GIT_DIRTY ${dirty}
#define DSGD_COMPILER \"${COMPILER}\"
#define DSGD_VERSION \"${VERSION}\"
#define DSGD_BUILD_TYPE \"${BUILD}\"
")
