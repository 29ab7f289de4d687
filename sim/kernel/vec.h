/* vec.h - one coordinate of each element-wise operation (sim/device.h, vec; the model), in the precision and with the roundings that every
 * device has. Where a result goes on in double it is rounded once, at the end.
 */
#ifndef DSGD_SIM_KERNEL_VEC_H
#define DSGD_SIM_KERNEL_VEC_H

#include "sim/kernel/hd.h"

DSGD_HD float dsgd_one_scale(double factor, float x) { return (float)(factor * (double)x); }
DSGD_HD float dsgd_one_add_scaled(float eta, float g, float v) { return v + eta * g; }
DSGD_HD float dsgd_one_scale_add(float m, float u, float g) { return m * u + g; }
/** b u + (1 - b) g; the caller makes rest = 1 - b in float. */
DSGD_HD float dsgd_one_moving_average(float b, float rest, float u, float g) { return b * u + rest * g; }
DSGD_HD float dsgd_one_nesterov(float m, float u, float g) { return m * (u + g); }
DSGD_HD float dsgd_one_axpy(double a, double x, float y) { return (float)((double)y + a * x); }
DSGD_HD double dsgd_one_error_add(double eta, float g, double a) { return a + eta * (double)g; }
DSGD_HD float dsgd_one_narrow(double factor, double a) { return (float)(factor * a); }
DSGD_HD float dsgd_one_where_positive(double factor, double a, float otherwise) { return a > 0.0 ? (float)(factor * a) : otherwise; }
/** Clipping keeps a NaN. */
DSGD_HD float dsgd_one_clip(float bound, float v) { return v > bound ? bound : (v < -bound ? -bound : v); }
/** The model's coordinate after an update: keep = 1 - shrink. */
DSGD_HD double dsgd_one_apply(double keep, double scale, float value, double x) { return keep * x - scale * (double)value; }
DSGD_HD double dsgd_one_average(double weight, double x, double mean) { return mean + weight * (x - mean); }

#endif
