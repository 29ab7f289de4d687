/* lines.c - the list of what was measured. Interface: bench.h. */
#include "bench/bench.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench_line *bench_line_add(struct bench_lines *lines, const char *name)
{
    if (lines->lines == lines->room) {
        const size_t room = lines->room > 0 ? 2 * lines->room : 32;
        struct bench_line *line = realloc(lines->line, room * sizeof *line);
        if (!line) {
            dsgd_fail(DSGD_ENOMEM, "bench: no memory for %zu lines", room);
            return NULL;
        }
        lines->line = line;
        lines->room = room;
    }
    struct bench_line *line = &lines->line[lines->lines++];
    memset(line, 0, sizeof *line);
    snprintf(line->name, sizeof line->name, "%s", name);
    line->fraction = (double)NAN;
    return line;
}

void bench_lines_clear(struct bench_lines *lines)
{
    free(lines->line);
    *lines = (struct bench_lines){.line = NULL};
}

void bench_line_finish(struct bench_line *line)
{
    const size_t n = (size_t)line->turns;
    if (line->limit[0] != '\0') {
        double share[BENCH_TURNS_MAX];
        for (size_t i = 0; i < n; ++i) { share[i] = line->ceiling[i] / line->second[i]; }
        line->fraction = gsl_stats_median(share, 1, n);
    }
    gsl_sort(line->second, 1, n);
    gsl_sort(line->ceiling, 1, n);
}

bool bench_wanted(const struct bench_options *options, const char *name)
{
    if (!options->only) { return true; }
    char words[256];
    snprintf(words, sizeof words, "%s", options->only);
    char *rest = NULL;
    for (char *word = strtok_r(words, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
        if (strstr(name, word)) { return true; }
    }
    return false;
}

enum dsgd_status bench_found(const struct bench_options *options, const struct bench_lines *lines)
{
    if (lines->lines > 0) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "bench: --only %s: expected words from the names of the lines, such as topk", options->only);
}
