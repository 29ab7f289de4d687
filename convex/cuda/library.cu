/* library.cu - the table of the convex problems. */
#include "convex/cuda/convex.h"
#include "sim/cuda/gpu.h"

void convex_gradients(const struct cuda_turn *t, const struct cuda_classifier *p, struct dsgd_array x, const uint32_t *example, uint32_t count,
                      struct cuda_weight *weight, struct dsgd_array grad);
const struct cuda_metrics *convex_metrics(const struct cuda_turn *t, const struct cuda_classifier *p, struct dsgd_array x);
void convex_quadratic_gradients(const struct cuda_turn *t, const struct cuda_quadratic *p, const struct cuda_noise *noise, struct dsgd_array x, double *work,
                                struct dsgd_array grad);
const struct cuda_quadratic_metrics *convex_quadratic_metrics(const struct cuda_turn *t, const struct cuda_quadratic *p, struct dsgd_array x);

extern const struct cuda_convex cuda_convex_table;
const struct cuda_convex cuda_convex_table = {convex_gradients, convex_metrics, convex_quadratic_gradients, convex_quadratic_metrics};
