/* param.c - parameter tables: text to value with type and range checks, value to text that reads back the same. */
#include "sim/param.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/text.h"

static const char *dot(const char *section)
{
    return *section ? "." : "";
}

/* Index of `word` in "a|b|c", or -1. */
static int choice_index(const char *choices, const char *word)
{
    const size_t length = strlen(word);
    int index = 0;
    for (const char *at = choices; at; ++index) {
        const char *end = strchr(at, '|');
        const size_t n = end ? (size_t)(end - at) : strlen(at);
        if (n == length && memcmp(at, word, n) == 0) { return index; }
        at = end ? end + 1 : NULL;
    }
    return -1;
}

static void choice_word(const char *choices, int index, char *text, size_t size)
{
    const char *at = choices;
    for (; at && index > 0; --index) {
        at = strchr(at, '|');
        if (at) { ++at; }
    }
    snprintf(text, size, "%.*s", at ? (int)strcspn(at, "|") : 0, at ? at : "");
}

/* 1e5 and 1.5e+06 are whole numbers too, as far as doubles hold each of them. */
static bool whole_from_exponent(const char *text, long long *value)
{
    char *end = NULL;
    if (!strpbrk(text, "eE") || text[strspn(text, "0123456789+-.eE")]) { return false; }
    const double real = strtod(text, &end);
    if (*end || !(fabs(real) <= 0x1p53) || real != floor(real)) { return false; }
    *value = (long long)real;
    return true;
}

static enum dsgd_status set_int(const struct dsgd_param *param, const char *section, int64_t *field, const char *text)
{
    char *end = NULL, shown[DSGD_SHOWN_MAX];
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (((end == text || *end) && !whole_from_exponent(text, &value)) || errno == ERANGE || (double)value < param->min || (double)value > param->max) {
        return dsgd_fail(DSGD_EINPUT, "%s%s%s = %s: expected a whole number from %.0f to %.0f", section, dot(section),
                         param->name, dsgd_text_shown(text, shown), param->min, param->max);
    }
    *field = value;
    return DSGD_OK;
}

static enum dsgd_status set_real(const struct dsgd_param *param, const char *section, double *field, const char *text)
{
    char *end = NULL, shown[DSGD_SHOWN_MAX];
    const double value = strtod(text, &end);
    if (end == text || *end || !isfinite(value) || value < param->min || value > param->max) {
        return dsgd_fail(DSGD_EINPUT, "%s%s%s = %s: expected a number from %.7g to %.7g", section, dot(section), param->name,
                         dsgd_text_shown(text, shown), param->min, param->max);
    }
    *field = value;
    return DSGD_OK;
}

/* Texts go into tables, pictures and terminals, and the resolved configuration must read back. */
static enum dsgd_status set_text(const struct dsgd_param *param, const char *section, char *field, const char *text)
{
    char shown[DSGD_SHOWN_MAX];
    if (!dsgd_text_plain(text)) {
        return dsgd_fail(DSGD_EINPUT, "%s%s%s = %s: expected UTF-8 without control characters", section, dot(section),
                         param->name, dsgd_text_shown(text, shown));
    }
    if (strlen(text) >= DSGD_TEXT_MAX || strpbrk(text, "\"\\")) {
        return dsgd_fail(DSGD_EINPUT, "%s%s%s = %s: expected fewer than %d bytes without quotes and backslashes", section,
                         dot(section), param->name, dsgd_text_shown(text, shown), DSGD_TEXT_MAX);
    }
    snprintf(field, DSGD_TEXT_MAX, "%s", text);
    return DSGD_OK;
}

enum dsgd_status dsgd_param_set(const struct dsgd_param *param, const char *section, void *config, const char *text)
{
    void *field = (char *)config + param->offset;
    char shown[DSGD_SHOWN_MAX];
    switch (param->type) {
    case DSGD_PARAM_INT:
    case DSGD_PARAM_COUNT: return set_int(param, section, field, text);
    case DSGD_PARAM_REAL: return set_real(param, section, field, text);
    case DSGD_PARAM_BOOL: {
        const int index = choice_index("false|true|no|yes|off|on", text);
        if (index < 0) {
            return dsgd_fail(DSGD_EINPUT, "%s%s%s = %s: expected true or false", section, dot(section), param->name,
                             dsgd_text_shown(text, shown));
        }
        *(bool *)field = (index % 2) == 1;
        return DSGD_OK;
    }
    case DSGD_PARAM_CHOICE: {
        const int index = choice_index(param->choices, text);
        if (index < 0) {
            return dsgd_fail(DSGD_EINPUT, "%s%s%s = %s: expected one of %s", section, dot(section), param->name,
                             dsgd_text_shown(text, shown), param->choices);
        }
        *(int *)field = index;
        return DSGD_OK;
    }
    case DSGD_PARAM_TEXT: return set_text(param, section, field, text);
    }
    return dsgd_fail(DSGD_EINTERNAL, "parameter %s has no type", param->name);
}

enum dsgd_status dsgd_param_check_counts(const struct dsgd_param *table, const char *section, const void *config, uint64_t d)
{
    for (const struct dsgd_param *param = table; param && param->name; ++param) {
        if (param->type != DSGD_PARAM_COUNT) { continue; }
        const int64_t value = *(const int64_t *)(const void *)((const char *)config + param->offset);
        if (value > 0 && (uint64_t)value > d) {
            return dsgd_fail(DSGD_EINPUT, "%s%s%s = %lld: expected at most d = %llu", section, dot(section), param->name, (long long)value,
                             (unsigned long long)d);
        }
    }
    return DSGD_OK;
}

enum dsgd_status dsgd_param_defaults(const struct dsgd_param *table, const char *section, void *config)
{
    for (const struct dsgd_param *param = table; param && param->name; ++param) {
        DSGD_TRY(dsgd_param_set(param, section, config, param->initial));
    }
    return DSGD_OK;
}

static void drop_plus(char *text)
{
    char *plus = strchr(text, '+');
    if (plus) { memmove(plus, plus + 1, strlen(plus)); }
}

void dsgd_param_format(const struct dsgd_param *param, const void *config, char *text, size_t size)
{
    const void *field = (const char *)config + param->offset;
    switch (param->type) {
    case DSGD_PARAM_INT:
    case DSGD_PARAM_COUNT: snprintf(text, size, "%" PRId64, *(const int64_t *)field); break;
    case DSGD_PARAM_REAL:
        /* the shortest of 15, 16, 17 digits that reads back: 0.1 stays "0.1" and no bit is lost */
        for (int digits = 15; digits <= 17; ++digits) {
            snprintf(text, size, "%.*g", digits, *(const double *)field);
            if (strtod(text, NULL) == *(const double *)field) { break; }
        }
        drop_plus(text); /* the text enters the hash of a run: it stays as it was when + could not stand in a configuration file */
        break;
    case DSGD_PARAM_BOOL: snprintf(text, size, "%s", *(const bool *)field ? "true" : "false"); break;
    case DSGD_PARAM_CHOICE: choice_word(param->choices, *(const int *)field, text, size); break;
    case DSGD_PARAM_TEXT: snprintf(text, size, "%s", (const char *)field); break;
    }
}

const struct dsgd_param *dsgd_param_find(const struct dsgd_param *table, const char *name)
{
    for (const struct dsgd_param *param = table; param && param->name; ++param) {
        if (strcmp(param->name, name) == 0) { return param; }
    }
    return NULL;
}
