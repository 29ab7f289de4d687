/* library.h - whose arithmetic a problem has, where its bits are not fixed by our own source. */
#ifndef DSGD_LAB_CONFIG_LIBRARY_H
#define DSGD_LAB_CONFIG_LIBRARY_H

#include "sim/problem.h"

/** "oneDNN 2.6.3 with AVX-512, loops for x86-64-v4" for deep models; "" for problems whose bits are the same everywhere. Static storage. */
const char *dsgd_problem_library(const struct dsgd_problem_ops *problem);

#endif
