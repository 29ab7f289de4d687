/* error_memory.h - error accumulation with momentum at the workers, shared by the sparsifying algorithms. A building block.
 *
 * u = m u + g, v += u; what was sent of v is cleared, and with momentum factor masking u as well (Lin et al. 2018,
 * arXiv:1712.01887, sections 3.2 and 3.3; Ivkin et al. 2019, arXiv:1903.04488, Algorithm 3). lr_inside: v += eta_t u, as in
 * Stich, Cordonnier, Jaggi 2018 (arXiv:1809.07599, Algorithm 1): then v needs no learning rate when it is applied.
 */
#ifndef DSGD_ALGORITHMS_ERROR_MEMORY_H
#define DSGD_ALGORITHMS_ERROR_MEMORY_H

#include "sim/algorithm.h"

enum { DSGD_ERROR_V, DSGD_ERROR_U, DSGD_ERROR_MEMORY_FIELDS }; /* worker fields, [d]; u only with momentum */

/** How a worker accumulates. */
struct dsgd_error_memory {
    size_t d;
    float momentum;
    bool nesterov; /* u = m (u + g), v += u + g */
    bool masking, lr_inside;
};

static inline void dsgd_error_memory_declare(const struct dsgd_error_memory *m, struct dsgd_declaration *d)
{
    dsgd_field(d, DSGD_WORKER, DSGD_ERROR_V, "v", DSGD_F32, m->d, DSGD_KEPT);
    if (m->momentum > 0.0f) { dsgd_field(d, DSGD_WORKER, DSGD_ERROR_U, "u", DSGD_F32, m->d, DSGD_KEPT); }
}

static inline void dsgd_error_memory_add(const struct dsgd_error_memory *m, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad)
{
    const float eta = m->lr_inside ? (float)round->lr : 1.0f;
    dsgd_f32 *v = dsgd_field_f32(w, DSGD_ERROR_V);
    if (!(m->momentum > 0.0f)) {
        dsgd_add_scaled(w, eta, grad, v); /* Stich et al., Alg. 1 line 3: m + eta_t g */
    } else if (m->nesterov) {
        dsgd_nesterov(w, m->momentum, eta, grad, dsgd_field_f32(w, DSGD_ERROR_U), v); /* the code of Lin et al. */
    } else {
        dsgd_momentum(w, m->momentum, eta, grad, dsgd_field_f32(w, DSGD_ERROR_U), v); /* Lin et al., Alg. 4 lines 5-6 */
    }
}

/** The same with momentum, not Nesterov's, and table = S(v). */
static inline void dsgd_error_memory_sketch(const struct dsgd_error_memory *m, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad,
                                            const dsgd_sketch *hashes, dsgd_f32 *table)
{
    dsgd_sketch_momentum(w, hashes, m->momentum, m->lr_inside ? (float)round->lr : 1.0f, grad, dsgd_field_f32(w, DSGD_ERROR_U),
                         dsgd_field_f32(w, DSGD_ERROR_V), table);
}

/** These coordinates were sent: the error is reset, also where the sum is exactly 0. */
static inline void dsgd_error_memory_clear(const struct dsgd_error_memory *m, struct dsgd_rows *w, const dsgd_set *sent)
{
    dsgd_scatter_clear(w, sent, dsgd_field_f32(w, DSGD_ERROR_V)); /* Lin et al., Alg. 4 line 11 */
    if (m->masking && m->momentum > 0.0f) { dsgd_scatter_clear(w, sent, dsgd_field_f32(w, DSGD_ERROR_U)); } /* line 12 */
}

/** What an update is multiplied by. */
static inline double dsgd_error_memory_scale(const struct dsgd_error_memory *m, const struct dsgd_round *round)
{
    return m->lr_inside ? 1.0 : round->lr;
}

#endif
