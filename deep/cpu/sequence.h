/* sequence.h - what sequences need, for the table of loops.c. */
#ifndef DSGD_DEEP_CPU_SEQUENCE_H
#define DSGD_DEEP_CPU_SEQUENCE_H

#include "deep/loops.h"

void deep_cpu_layer_norm(size_t rows, size_t c, const float *in, const float *parameter, float *statistic, float *out);
void deep_cpu_layer_norm_back(size_t rows, size_t c, const float *in, const float *parameter, const float *statistic, const float *dout, float *din,
                              float *dparameter);
size_t deep_cpu_attention_scratch(const struct deep_heads *a);
void deep_cpu_attention(const struct deep_heads *a, const float *query, const float *key, const float *value, float *share, float *out, void *scratch);
void deep_cpu_attention_back(const struct deep_heads *a, const float *query, const float *key, const float *value, const float *share, const float *dout,
                             float *dquery, float *dkey, float *dvalue, void *scratch);
void deep_cpu_dropout(const struct deep_dropout *d, size_t n, uint32_t draw, const float *in, float *out);
void deep_cpu_lstm(size_t h, const float *before, float *gate, float *cell, float *out);
void deep_cpu_lstm_back(size_t h, const float *before, const float *cell, const float *dout, float *gate, float *dcell);
void deep_cpu_scores(size_t classes, const float *score, size_t label, struct deep_scores *of);
void deep_cpu_scores_back(size_t classes, const float *score, const struct deep_scores *of, float weight, float smoothed, float *din);

#endif
