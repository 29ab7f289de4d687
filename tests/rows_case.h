/* rows_case.h - the small dataset of tests/synthetic.h with its rows in another form. */
#ifndef DSGD_TESTS_ROWS_CASE_H
#define DSGD_TESTS_ROWS_CASE_H

#include <stdbool.h>

#include "tests/synthetic.h"

static inline struct dsgd_split rows_split(const struct dsgd_split *bytes, size_t features, enum dsgd_form form, bool negative, void **owned)
{
    struct dsgd_split out = {.n = bytes->n, .label = bytes->label, .form = form};
    float *real = calloc(bytes->n * features, sizeof *real), *value = calloc(bytes->n * features, sizeof *value);
    size_t *start = calloc(bytes->n + 1, sizeof *start), at = 0;
    uint32_t *column = calloc(bytes->n * features, sizeof *column);
    if (!real || !value || !start || !column) { abort(); }
    for (size_t i = 0; i < bytes->n; ++i) {
        for (size_t j = 0; j < features; ++j) {
            const uint8_t byte = bytes->feature[i * features + j];
            const float v = (float)byte / 255.0f;
            real[i * features + j] = negative && j % 3 == 1 ? -v : v; /* also -0 */
            if (byte == 0 && (i + j) % 5 > 0) { continue; } /* a fifth of the zeros are stored */
            column[at] = (uint32_t)j;
            value[at++] = real[i * features + j];
        }
        start[i + 1] = at;
    }
    out.real = form == DSGD_ROWS_FLOATS ? real : NULL;
    if (form == DSGD_ROWS_SPARSE) {
        out.start = start;
        out.column = column;
        out.value = value;
    }
    owned[0] = real, owned[1] = value, owned[2] = start, owned[3] = column;
    return out;
}

/* Takes a dataset of bytes. Values are the floats byte / 255; `negative`: with the other sign in every third column. */
static inline struct dsgd_dataset *rows_as(struct dsgd_dataset *data, enum dsgd_form form, bool negative)
{
    void *old[2], *owned[8];
    if (form == DSGD_ROWS_BYTES) { return data; }
    const struct dsgd_split train = rows_split(&data->train, data->features, form, negative, owned);
    const struct dsgd_split test = rows_split(&data->test, data->features, form, negative, owned + 4);
    old[0] = data->owned[0], old[1] = data->owned[2]; /* the labels stay: 1 and 3 */
    free(old[0]), free(old[1]);
    data->owned[0] = data->owned[2] = NULL;
    data->train = train;
    data->test = test;
    for (int k = 0, place = 0; k < 8; ++k) { /* six places are free: what is not of this form goes */
        const bool used = owned[k] == (const void *)train.real || owned[k] == (const void *)train.value || owned[k] == (const void *)train.start ||
                          owned[k] == (const void *)train.column || owned[k] == (const void *)test.real || owned[k] == (const void *)test.value ||
                          owned[k] == (const void *)test.start || owned[k] == (const void *)test.column;
        if (!used) {
            free(owned[k]);
            continue;
        }
        while (data->owned[place]) { ++place; }
        data->owned[place] = owned[k];
    }
    return data;
}

#endif
