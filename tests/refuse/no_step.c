/* what a step does may depend on its number in plan alone: round->step */
#include "sim/algorithm.h"

void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad);
void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad)
{
    (void)common, (void)w, (void)round, (void)grad;
    if (round->step % 2 == 0) { dsgd_copy(w, grad, dsgd_send_f32(w, 0)); }
}
