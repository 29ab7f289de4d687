/* writing into what everybody knows */
#include "sim/algorithm.h"

void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad);
void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad)
{
    (void)common, (void)w, (void)round, (void)grad;
    dsgd_copy_set(w, dsgd_field_set(w, 0), dsgd_all_set(w, 0));
}
