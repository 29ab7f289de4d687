/* changing the round outside plan */
#include "sim/algorithm.h"

void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad);
void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad)
{
    (void)common, (void)w, (void)round, (void)grad;
    round->k = 3;
}
