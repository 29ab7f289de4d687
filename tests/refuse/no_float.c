/* a handle as an address of floats */
#include "sim/algorithm.h"

void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad);
void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad)
{
    (void)common, (void)w, (void)round, (void)grad;
    const float *value = grad;
    dsgd_clear(w, dsgd_send_f32(w, value[0] > 0.0f));
}
