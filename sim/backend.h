/* backend.h - where vectors and messages live, and the operations on them.
 *
 * A backend is chosen at run time; "cpu" is always there. Every pointer below lies in the backend's memory. Operations
 * are element-wise or sum in one fixed order, so that a result never depends on the number of threads. Worker-side
 * operations run inside one thread: parallelism is over workers. Letters: n elements.
 */
#ifndef DSGD_SIM_BACKEND_H
#define DSGD_SIM_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The operations of one backend. */
struct dsgd_backend {
    const char *name;

    /** 64-byte aligned memory, not cleared; NULL when out of memory. release accepts NULL. */
    void *(*alloc)(size_t bytes);
    void (*release)(void *data);
    void (*clear)(void *data, size_t bytes);
    void (*copy)(void *to, const void *from, size_t bytes);

    /* sums and scalings; y, sum are read and written */
    void (*add_f32)(size_t n, const float *x, double *sum);                     /* sum += x */
    void (*mean_f32)(size_t n, double factor, const double *sum, float *out);   /* out = (float)(factor * sum) */
    void (*axpy_f32)(size_t n, double a, const double *x, float *y);            /* y = (float)(y + a x) */
    void (*scale_add_f32)(size_t n, float m, float *buffer, const float *g);    /* buffer = m buffer + g */
    void (*add_scaled_f32)(size_t n, float eta, const float *g, float *v);      /* v += eta g */
    void (*moving_average_f32)(size_t n, float b, float *buffer, const float *g); /* buffer = b buffer + (1 - b) g */
    void (*momentum_f32)(size_t n, float m, float eta, const float *g, float *u, float *v); /* u = m u + g; v += eta u */
    void (*nesterov_f32)(size_t n, float m, float eta, const float *g, float *u, float *v); /* u = m (u + g); v += eta (u + g) */
    void (*scale_f32)(size_t n, double factor, const float *x, float *out);     /* out = (float)(factor * x) */
    void (*error_add_f64)(size_t n, double eta, const float *g, double *a);     /* a += eta g */
    void (*round_f32)(size_t n, const double *a, float *out);                   /* out = (float)a */

    /* chosen coordinates; index ascending and distinct */
    void (*gather_f32)(size_t n, const uint32_t *index, const float *v, float *out);
    void (*gather_f64)(size_t n, const uint32_t *index, const double *a, float *out);
    void (*scatter_add)(size_t n, const uint32_t *index, const float *x, double *sum);   /* sum[index] += x */
    void (*scatter_sub_f64)(size_t n, const uint32_t *index, const float *x, double *a); /* a[index] -= x */
    void (*scatter_f32)(size_t n, const uint32_t *index, const float *x, float *v);      /* v[index] = x */
    void (*scatter_clear_f32)(size_t n, const uint32_t *index, float *v);                /* v[index] = 0 */

    /* reductions; fixed order, double accumulators */
    double (*max_abs_f32)(size_t n, const float *v);
    double (*sum_abs_f32)(size_t n, const float *v);
    double (*norm_f32)(size_t n, const float *v);                               /* sqrt(sum v^2) */
    double (*std_f32)(size_t n, const float *v);                                /* sqrt(mean (v - mean v)^2) */
    void (*clip_f32)(size_t n, float bound, const float *g, float *out);        /* out = g limited to [-bound, bound] */

    /** The model: x = (1 - shrink) x - scale * value, replica = (float)x; for all coordinates (index NULL, n = d) or the n
     *  chosen ones (shrink = 0 then). False if a new value is not finite. */
    bool (*apply)(size_t n, const uint32_t *index, const float *value, double shrink, double scale, double *x,
                  float *replica);
    /** x = (1 - shrink) x, replica = (float)x: decoupled weight decay beside a sparse update. */
    void (*shrink)(size_t n, double shrink, double *x, float *replica);
    /** mean += weight (x - mean): the running weighted average. */
    void (*average_f64)(size_t n, double weight, const double *x, double *mean);
};

extern const struct dsgd_backend dsgd_backend_cpu;

/** The backend of the configuration's choice: 0 = cpu. */
const struct dsgd_backend *dsgd_backend_at(int choice);

#endif
