/* coordinates as an array */
#include "sim/algorithm.h"

void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad);
void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad)
{
    (void)common, (void)w, (void)round, (void)grad;
    if (dsgd_down_set(w, 0, 0)[0] == 3) { dsgd_clear(w, dsgd_send_f32(w, 0)); }
}
