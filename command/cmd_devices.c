/* cmd_devices.c - dsgd devices: where a run can be, this machine's processors and its GPUs. */
#include <argp.h>
#include <omp.h>
#include <stdio.h>

#include "command/commands.h"
#include "command/general.h"
#include "command/json_out.h"
#include "sim/cuda/list.h"
#include "sim/level.h"

static const double MIB = 1048576.0;

struct devices {
    bool json;
    json_t *list; /* of the devices so far; NULL: they are printed */
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct devices *devices = state->input;
    (void)arg;
    switch (key) {
    case 'j': devices->json = true; return 0;
    case ARGP_KEY_ARG: argp_error(state, "%s: expected no argument", arg); return EINVAL;
    case ARGP_KEY_INIT: return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static void one(void *context, int ordinal, const char *wrong, const char *name, size_t memory, size_t free, int major, int minor, int processors)
{
    struct devices *devices = context;
    char backend[24];
    snprintf(backend, sizeof backend, "cuda:%d", ordinal);
    if (devices->json) {
        json_t *object = json_object();
        json_set_text(object, "backend", backend);
        json_set_text(object, "name", wrong ? wrong : name);
        if (!wrong) {
            char capability[24];
            snprintf(capability, sizeof capability, "%d.%d", major, minor);
            json_set_number(object, "memory_bytes", (double)memory);
            json_set_number(object, "free_bytes", (double)free);
            json_set_text(object, "capability", capability);
            json_set_number(object, "multiprocessors", processors);
        }
        json_array_append_new(devices->list, object);
    } else if (wrong) {
        printf("%-8s cannot be used: %s\n", backend, wrong);
    } else {
        printf("%-8s %s, %.0f MiB, %.0f MiB free, compute capability %d.%d, %d multiprocessors\n", backend, name, (double)memory / MIB, (double)free / MIB,
               major, minor, processors);
    }
}

static enum dsgd_status report(struct devices *devices)
{
    const char *level = dsgd_level_name(dsgd_level());
    int driver = 0, runtime = 0, count = 0;
    if (devices->json) {
        devices->list = json_array();
        json_t *cpu = json_object();
        json_set_text(cpu, "backend", "cpu");
        json_set_text(cpu, "name", level);
        json_set_number(cpu, "cores", omp_get_num_procs());
        json_array_append_new(devices->list, cpu);
    } else {
        printf("cpu      %d cores, kernels %s\n", omp_get_num_procs(), level);
    }
    const enum dsgd_status status = dsgd_cuda_list(one, devices, &driver, &runtime, &count);
    if (devices->json) {
        json_t *root = json_object();
        json_object_set_new(root, "devices", devices->list);
        json_set_text(root, "cuda", status == DSGD_OK ? "" : dsgd_error());
        json_set_number(root, "cuda_driver", driver);
        json_set_number(root, "cuda_runtime", runtime);
        return json_print(root);
    }
    if (status != DSGD_OK) {
        printf("cuda     %s\n", dsgd_error());
    } else if (count == 0) {
        printf("cuda     no device (driver %d.%d, runtime %d.%d)\n", driver / 1000, driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10);
    } else {
        printf("cuda     driver %d.%d, runtime %d.%d\n", driver / 1000, driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10);
    }
    return DSGD_OK;
}

static int command(int argc, char **argv)
{
    static const struct argp_option table[] = {{"json", 'j', NULL, 0, "Report as JSON", 0}, {NULL, 0, NULL, 0, NULL, 0}};
    static const struct argp_child children[] = {{&general_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    static const struct argp argp = {table, parse, "",
                                     "Lists where a run can be (backend = ...): this machine's processors, and its GPUs with memory and versions, or why there "
                                     "are none.",
                                     children, NULL, NULL};
    struct devices devices = {.json = false};
    if (argp_parse(&argp, argc, argv, 0, NULL, &devices)) { return 2; }
    const enum dsgd_status status = report(&devices);
    return status == DSGD_OK ? 0 : command_fail(status);
}

const struct command command_devices = {"devices", "list where a run can be: processors and GPUs", command};
