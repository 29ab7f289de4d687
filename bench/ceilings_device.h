/* ceilings_device.h - ceilings of a device with streams; called by ceilings.c. */
#ifndef DSGD_BENCH_CEILINGS_DEVICE_H
#define DSGD_BENCH_CEILINGS_DEVICE_H

#include "bench/ceilings.h"

enum dsgd_status ceilings_device_open(struct ceilings *c);
void ceilings_device_close(struct ceilings *c);
double ceilings_device_seconds(struct ceilings *c, enum ceiling which, size_t amount);

#endif
