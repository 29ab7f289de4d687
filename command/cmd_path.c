/* cmd_path.c - dsgd path: where `dsgd run` would put the result of a configuration. */
#include <argp.h>
#include <stdio.h>

#include "command/commands.h"
#include "command/json_out.h"
#include "lab/run/data_shelf.h"
#include "command/options.h"

static error_t parse(int key, char *arg, struct argp_state *state)
{
    (void)arg;
    if (key == ARGP_KEY_INIT) {
        state->child_inputs[0] = state->input;
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static int command(int argc, char **argv)
{
    static const struct argp_child children[] = {{&common_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    static const struct argp argp = {NULL, parse, "CONFIG", "Prints the default path of a configuration's result with the data that are at hand.", children, NULL, NULL};
    struct common_options options = {.config = NULL};
    if (argp_parse(&argp, argc, argv, 0, NULL, &options)) { return 2; }
    struct dsgd_spec spec;
    char path[4096];
    enum dsgd_status status = dsgd_spec_load(options.config, options.set, options.sets, &spec);
    if (status == DSGD_OK) {
        struct data_shelf shelf = {.folder = options.data};
        status = dsgd_data_shelf_path(&shelf, &spec, path, sizeof path);
        dsgd_data_shelf_clear(&shelf);
        dsgd_spec_clear(&spec);
    }
    common_options_clear(&options);
    if (status != DSGD_OK) { return command_fail(status); }
    if (!options.json) {
        printf("%s\n", path);
        return 0;
    }
    json_t *root = json_object();
    json_set_text(root, "path", path);
    status = json_print(root);
    return status == DSGD_OK ? 0 : command_fail(status);
}

const struct command command_path = {"path", "print the path of a configuration's result", command};
