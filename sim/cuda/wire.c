/* wire.c - entries for sections on their way. */
#include "sim/cuda/wire.h"

#include "sim/cuda/cuda.h"

static void weigh(struct dsgd_queue *q, uint32_t rows, const dsgd_set *set, size_t limit, void *out)
{
    const struct cuda_turn t = cuda_turn_on(q, rows);
    cuda_library->wire->weigh(&t, set->array, limit, out);
}

static void round_values(struct dsgd_queue *q, uint32_t rows, const dsgd_f32 *v, int values, dsgd_f32 *out)
{
    const struct cuda_turn t = cuda_turn_on(q, rows);
    cuda_library->wire->round_values(&t, v->array, values == DSGD_BF16, out->array);
}

void cuda_enter_wire(struct dsgd_device *d)
{
    d->weigh = weigh;
    d->round_values = round_values;
}
