/* error_memory.h - error accumulation with momentum at a worker, shared by the sparsifying algorithms. Internal.
 *
 * u = m u + g, v += u; what was sent of v is cleared, and with momentum factor masking u as well (Lin et al. 2018,
 * arXiv:1712.01887, sections 3.2 and 3.3; Ivkin et al. 2019, arXiv:1903.04488, Algorithm 3). lr_inside: v += eta_t u, as in
 * Stich, Cordonnier, Jaggi 2018 (arXiv:1809.07599, Algorithm 1): then v needs no learning rate when it is applied.
 */
#ifndef DSGD_ALGORITHMS_ERROR_MEMORY_H
#define DSGD_ALGORITHMS_ERROR_MEMORY_H

#include "sim/algorithm.h"

/** How a worker accumulates, and where: numbers of its fields, F32 [d]; u exists only with momentum. */
struct error_memory {
    const struct dsgd_backend *be;
    size_t d;
    int v, u;
    float momentum;
    bool nesterov; /* u = m (u + g), v += u + g */
    bool masking, lr_inside;
};

static inline bool error_memory_has_momentum(const struct error_memory *m)
{
    return m->momentum > 0.0f;
}

static inline void error_memory_add(const struct error_memory *m, struct dsgd_state *worker, const struct dsgd_round *round,
                                    const float *grad)
{
    const float eta = m->lr_inside ? (float)round->lr : 1.0f;
    float *v = worker->field[m->v];
    if (!error_memory_has_momentum(m)) {
        m->be->add_scaled_f32(m->d, eta, grad, v);
    } else if (m->nesterov) {
        m->be->nesterov_f32(m->d, m->momentum, eta, grad, worker->field[m->u], v);
    } else {
        m->be->momentum_f32(m->d, m->momentum, eta, grad, worker->field[m->u], v);
    }
}

/** These coordinates were sent: the error is reset, also where the sum is exactly 0. index ascending. */
static inline void error_memory_clear(const struct error_memory *m, struct dsgd_state *worker, size_t n, const uint32_t *index)
{
    m->be->scatter_clear_f32(n, index, worker->field[m->v]);
    if (m->masking && error_memory_has_momentum(m)) { m->be->scatter_clear_f32(n, index, worker->field[m->u]); }
}

/** For the observer: v as doubles. */
static inline void error_memory_view(const struct error_memory *m, const struct dsgd_state *worker, double *out)
{
    const float *v = worker->field[m->v];
    for (size_t i = 0; i < m->d; ++i) { out[i] = (double)v[i]; }
}

#endif
