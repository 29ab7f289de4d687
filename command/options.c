/* options.c - the options that commands on a configuration share. */
#include "command/options.h"
#include "command/general.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/config/words.h"

enum { KEY_SETTINGS = 5000 };

static const struct argp_option table[] = {
    {"set", 's', "KEY=VALUE", 0, "Override a key of the configuration, also as section.key=value; repeatable", 1},
    {"settings", KEY_SETTINGS, "TEXT", 0, "Several --set in one text, with blanks between them; double quotes hold a value with blanks "
     "together: 'label=\"two words\" steps=41'", 1},
    {"data", 'd', "FOLDER", 0, "Folder of the datasets (default: $DSGD_DATA, then data/)", 1},
    {"threads", 't', "N", 0, "Threads at most; results do not depend on it (default: all cores). They work where a step has enough for each", 1},
    {"quiet", 'q', NULL, 0, "No progress, no report", 1},
    {"json", 'j', NULL, 0, "Report as JSON", 1},
    {NULL, 0, NULL, 0, NULL, 0},
};

error_t option_integer(struct argp_state *state, const char *name, const char *text, int64_t min, int64_t max, int64_t *out)
{
    char *end = NULL;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    if (end == text || *end || errno || value < min || value > max) {
        argp_error(state, "%s %s: expected a whole number from %lld to %lld", name, text, (long long)min, (long long)max);
        return EINVAL;
    }
    *out = value;
    return 0;
}

error_t option_real(struct argp_state *state, const char *name, const char *text, double min, double max, double *out)
{
    char *end = NULL;
    const double value = strtod(text, &end);
    if (end == text || *end || !(value >= min && value <= max)) {
        argp_error(state, "%s %s: expected a number from %g to %g", name, text, min, max);
        return EINVAL;
    }
    *out = value;
    return 0;
}

error_t option_set(struct common_options *options, const char *text)
{
    const char **grown = realloc(options->set, (options->sets + 1) * sizeof *grown);
    if (!grown) { return ENOMEM; }
    options->set = grown;
    options->set[options->sets++] = text;
    return 0;
}

error_t option_settings(struct argp_state *state, struct common_options *options, const char *text)
{
    for (const char *at = text; at;) {
        char **grown = realloc(options->settings, (options->many + 1) * sizeof *grown), *word = NULL;
        if (!grown) { return ENOMEM; }
        options->settings = grown;
        switch (dsgd_words_next(&at, &word)) {
        case WORDS_NONE: return 0;
        case WORDS_ONE: options->settings[options->many++] = word; break;
        case WORDS_OPEN: argp_error(state, "--settings %s: expected another \" that ends what the last one begins", text); return EINVAL;
        case WORDS_MEMORY: return ENOMEM;
        }
        const error_t error = option_set(options, word);
        if (error) { return error; }
    }
    return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct common_options *options = state->input;
    int64_t threads = 0;
    switch (key) {
    case 's': return option_set(options, arg);
    case KEY_SETTINGS: return option_settings(state, options, arg);
    case 'd': options->data = arg; return 0;
    case 't':
        if (option_integer(state, "--threads", arg, 1, 1024, &threads)) { return EINVAL; }
        options->threads = (int)threads;
        return 0;
    case 'q': options->quiet = true; return 0;
    case 'j': options->json = true; return 0;
    case ARGP_KEY_ARG:
        if (options->config) { argp_error(state, strchr(arg, '=') ? "%s: expected one CONFIG, and keys as --set %s" : "%s: expected one CONFIG", arg, arg); }
        options->config = arg;
        return 0;
    case ARGP_KEY_END:
        if (!options->config) { argp_error(state, "expected a CONFIG, such as experiments/figure5/logistic_vanilla.conf"); }
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child general[] = {{&general_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};

const struct argp common_argp = {table, parse, NULL, NULL, general, NULL, NULL};

static void say(void *context, bool warning, const char *sentence)
{
    const struct common_options *options = context;
    if (warning || !options->quiet) { fprintf(stderr, "dsgd: %s%s\n", warning ? "warning: " : "", sentence); }
}

struct dsgd_session_options common_session(const struct common_options *options, bool dry)
{
    return (struct dsgd_session_options){.data = options->data, .cache = dsgd_session_cache_folder(), .threads = options->threads, .dry = dry,
                                         .say = say, .say_context = (void *)(uintptr_t)options};
}

void common_options_clear(struct common_options *options)
{
    for (size_t j = 0; j < options->many; ++j) { free(options->settings[j]); }
    free(options->settings);
    free(options->set);
    options->settings = NULL;
    options->many = 0;
    options->set = NULL;
    options->sets = 0;
}
