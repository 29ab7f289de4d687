/* a worker function that does what it may: the others differ from it in what they do */
#include "sim/algorithm.h"

void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad);
void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad)
{
    (void)common, (void)w, (void)round, (void)grad;
    dsgd_f32 *v = dsgd_field_f32(w, 0);
    dsgd_add_scaled(w, (float)round->lr, grad, v);
    dsgd_copy(w, v, dsgd_send_f32(w, 0));
}
