/* cpu.h - handles of the CPU: where a row lies. For sim/cpu and for CPU kernels of problems; nobody else looks at device memory.
 *
 * Memory of the guard (sim/guard) has addresses with bit 62 set, which no program may touch; taking the bit away costs one
 * instruction and changes no address of the CPU's own memory. So a place that reads a handle's address without these functions works
 * on the CPU and stops on the guard.
 */
#ifndef DSGD_SIM_CPU_CPU_H
#define DSGD_SIM_CPU_CPU_H

#include "sim/device_ops.h"

extern const struct dsgd_device dsgd_device_cpu, dsgd_device_guard; /* of this instruction set; the guard's: sim/guard */

#define DSGD_CPU_FAR ((uintptr_t)1 << 62)

static inline void *cpu_near(const void *at)
{
    return (void *)((uintptr_t)at & ~DSGD_CPU_FAR);
}

static inline float *cpu_f32(const dsgd_f32 *v, size_t row) { return (float *)cpu_near(v->array.at) + row * v->array.stride; }
static inline double *cpu_f64(const dsgd_f64 *v, size_t row) { return (double *)cpu_near(v->array.at) + row * v->array.stride; }
static inline int32_t *cpu_i32(const dsgd_i32 *v, size_t row) { return (int32_t *)cpu_near(v->array.at) + row * v->array.stride; }
static inline uint32_t *cpu_set(const dsgd_set *s, size_t row) { return (uint32_t *)cpu_near(s->array.at) + row * s->array.stride; }
/** How many coordinates are in a row's set. A set that rows share has one length. */
static inline uint32_t *cpu_length(const dsgd_set *s, size_t row)
{
    return (uint32_t *)cpu_near(s->array.length) + (s->array.stride == 0 ? 0 : row);
}
static inline uint8_t *cpu_signs(const dsgd_signs *s, size_t row) { return (uint8_t *)cpu_near(s->array.at) + row * s->array.stride; }
static inline uint8_t *cpu_nonzero(const dsgd_ternary *t, size_t row) { return (uint8_t *)cpu_near(t->array.at) + row * t->array.stride; }
static inline uint8_t *cpu_negative(const dsgd_ternary *t, size_t row) { return cpu_nonzero(t, row) + (t->array.count + 7) / 8; }

/* The operations, by file; the table is in cpu.c. */
#include "sim/cpu/ops.h"

#endif
