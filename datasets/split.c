/* split.c - held-out training examples as test set, so that a setting can be chosen without a look at the test examples. */
#include "datasets/split.h"

#include <stdio.h>
#include <string.h>

enum { PARTS = 6 }; /* 10,000 of the 60,000 images of the MNIST family are held out: as many as its test set has */

const struct dsgd_param dsgd_split_params[] = {
    DSGD_SPLIT_PARAM(offsetof(struct dsgd_split_config, split)),
    DSGD_PARAM_END,
};

enum dsgd_status dsgd_split_tuning(struct dsgd_dataset *data)
{
    const size_t n = data->train.n, held_out = n / PARTS;
    if (held_out == 0) {
        return dsgd_fail(DSGD_EINPUT, "%s.split = tuning: %zu training examples, expected at least %d to hold out the last sixth",
                         data->name, n, PARTS);
    }
    data->train.n = n - held_out;
    data->test = data->train; /* the same arrays, from the first row that is held out on */
    data->test.n = held_out;
    data->test.label += data->train.n;
    if (data->train.form == DSGD_ROWS_BYTES) { data->test.feature += data->train.n * data->features; }
    if (data->train.form == DSGD_ROWS_FLOATS) { data->test.real += data->train.n * data->features; }
    if (data->train.form == DSGD_ROWS_SPARSE) { data->test.start += data->train.n; }
    const size_t used = strlen(data->title);
    snprintf(data->title + used, sizeof data->title - used, ", tuning split (%zu held out)", held_out);
    return DSGD_OK;
}
