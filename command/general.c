/* general.c - options of every command. Interface: general.h. */
#include "command/general.h"

#include <stdio.h>

#include "lab/plugin.h"

enum { KEY_PLUGIN = 7000 };

static const struct argp_option table[] = {
    {"plugin", KEY_PLUGIN, "FILE.so", 0, "Also what this plug-in brings: algorithms, problems, datasets; repeatable, beside those of $DSGD_PLUGINS", -1},
    {NULL, 'h', NULL, OPTION_HIDDEN, NULL, -1},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    switch (key) {
    case KEY_PLUGIN:
        if (dsgd_plugin_load(arg) != DSGD_OK) { argp_failure(state, 2, 0, "%s", dsgd_error()); }
        return 0;
    case 'h': argp_state_help(state, stdout, ARGP_HELP_STD_HELP); return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

const struct argp general_argp = {table, parse, NULL, NULL, NULL, NULL, NULL};
