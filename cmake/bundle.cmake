# The libraries of a prebuilt package, from the folder RIDGEFLOW_BUNDLE that scripts/prebuild.mjs fills: oneTBB and
# Highway are compiled here and linked statically. OpenBLAS comes built, with a prefix before every
# symbol, and lies beside the addon: its Fortran runtime is under the LGPL, which asks that it can be exchanged.
set(BUILD_SHARED_LIBS OFF CACHE BOOL "" FORCE)
set(TBB_TEST OFF CACHE BOOL "" FORCE)
set(TBB_STRICT OFF CACHE BOOL "" FORCE)
set(TBB_DISABLE_HWLOC_AUTOMATIC_SEARCH ON CACHE BOOL "" FORCE)
set(TBBMALLOC_BUILD OFF CACHE BOOL "" FORCE)
add_subdirectory(${RIDGEFLOW_BUNDLE}/onetbb ${CMAKE_BINARY_DIR}/onetbb EXCLUDE_FROM_ALL)

set(HWY_ENABLE_TESTS OFF CACHE BOOL "" FORCE)
set(HWY_ENABLE_EXAMPLES OFF CACHE BOOL "" FORCE)
set(HWY_ENABLE_CONTRIB OFF CACHE BOOL "" FORCE)
set(HWY_ENABLE_INSTALL OFF CACHE BOOL "" FORCE)
add_subdirectory(${RIDGEFLOW_BUNDLE}/highway ${CMAKE_BINARY_DIR}/highway EXCLUDE_FROM_ALL)
set(HWY_LIBRARY hwy)
set(HWY_INCLUDE ${RIDGEFLOW_BUNDLE}/highway)

find_library(BUNDLED_OPENBLAS NAMES scipy_openblas libscipy_openblas PATHS ${RIDGEFLOW_BUNDLE}/openblas/lib REQUIRED
             NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH)
add_library(ridgeflow_blas INTERFACE)
target_link_libraries(ridgeflow_blas INTERFACE ${BUNDLED_OPENBLAS})
target_include_directories(ridgeflow_blas INTERFACE ${RIDGEFLOW_BUNDLE}/openblas/include)
set(RIDGEFLOW_BLAS ridgeflow_blas)

# The kernels call BLAS and LAPACK by their own names: a header, included before all others, puts the prefix there.
file(STRINGS ${RIDGEFLOW_BUNDLE}/openblas/include/cblas.h BLAS_LINES REGEX "scipy_[a-z_0-9]+ *\\(")
file(STRINGS ${RIDGEFLOW_BUNDLE}/openblas/include/lapack.h LAPACK_LINES REGEX "LAPACK_GLOBAL\\([a-z0-9_]+,")
set(PREFIXED "")
foreach(LINE IN LISTS BLAS_LINES)
  string(REGEX MATCH "scipy_([a-z_0-9]+) *\\(" FOUND "${LINE}")
  string(APPEND PREFIXED "#define ${CMAKE_MATCH_1} scipy_${CMAKE_MATCH_1}\n")
endforeach()
foreach(LINE IN LISTS LAPACK_LINES)
  string(REGEX MATCH "LAPACK_GLOBAL\\(([a-z0-9_]+)," FOUND "${LINE}")
  string(APPEND PREFIXED "#define ${CMAKE_MATCH_1}_ scipy_${CMAKE_MATCH_1}_\n")
endforeach()
file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/blas-names.h CONTENT "${PREFIXED}")
target_compile_options(ridgeflow_blas INTERFACE
                       $<IF:$<BOOL:${MSVC}>,/FI,-include> ${CMAKE_BINARY_DIR}/blas-names.h)
