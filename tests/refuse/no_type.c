/* a sum in doubles where floats are meant */
#include "sim/algorithm.h"

void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad);
void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad)
{
    (void)common, (void)w, (void)round, (void)grad;
    dsgd_copy(w, dsgd_field_f64(w, 0), dsgd_send_f32(w, 0));
}
