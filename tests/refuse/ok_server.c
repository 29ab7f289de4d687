/* a server function that does what it may */
#include "sim/algorithm.h"

void absorb(const void *common, struct dsgd_rows *s, const struct dsgd_arrivals *up, const struct dsgd_round *round);
void absorb(const void *common, struct dsgd_rows *s, const struct dsgd_arrivals *up, const struct dsgd_round *round)
{
    (void)common, (void)s, (void)up, (void)round;
    dsgd_fold_sum(s, up, 0, dsgd_field_f64(s, 0));
}
