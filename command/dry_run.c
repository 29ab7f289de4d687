/* dry_run.c - tells what a run will cost. Interface: dry_run.h. */
#include "command/dry_run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "command/json_out.h"
#include "lab/report/text_out.h"
#include "lab/run/costs.h"

#define MEASURE_S 0.3

static enum dsgd_status print_json(const struct dsgd_session *session, const struct dsgd_costs *c, const char *path)
{
    json_t *up = json_object(), *down = json_object(), *root = json_object();
    const double nothing = c->measured ? 1.0 : (double)NAN; /* null in JSON */
    for (int k = 0; k < DSGD_KINDS; ++k) {
        json_set_number(up, dsgd_kind_name((enum dsgd_kind)k), (double)c->ledger.up[k] / (double)c->ledger.worker_steps);
        json_set_number(down, dsgd_kind_name((enum dsgd_kind)k), (double)c->ledger.down[k] / (double)c->ledger.worker_steps);
    }
    json_set_text(root, "output", path);
    json_set_text(root, "config", session->spec->text);
    json_object_set_new(root, "bytes_measured", json_boolean(c->measured));
    json_set_text(root, "hash_family", c->hashes);
    json_object_set_new(root, "d", json_integer((json_int_t)c->d));
    json_object_set_new(root, "bytes_up", up);
    json_object_set_new(root, "bytes_down", down);
    json_object_set_new(root, "memory_engine", json_integer((json_int_t)c->engine_bytes));
    json_object_set_new(root, "memory_workers", json_integer((json_int_t)c->worker_bytes));
    json_object_set_new(root, "rows", json_integer(c->rows));
    json_set_number(root, "seconds", nothing * c->total_s);
    return json_print(root);
}

static void print_bytes(const struct dsgd_costs *c)
{
    const double participations = (double)c->ledger.worker_steps;
    uint64_t wire = 0, values = 0;
    if (c->measured) {
        printf("bytes per worker and step, mean of %lld real steps:\n", (long long)c->rounds);
    } else {
        printf("bytes per worker and step, at most, as the algorithm declares its messages:\n");
    }
    for (int k = 0; k < DSGD_KINDS; ++k) {
        const uint64_t both = c->ledger.up[k] + c->ledger.down[k];
        wire += both;
        values += dsgd_kind_is_value((enum dsgd_kind)k) ? both : 0;
        if (both > 0) {
            printf("  %-8s up %12.1f   down %12.1f\n", dsgd_kind_name((enum dsgd_kind)k), (double)c->ledger.up[k] / participations,
                   (double)c->ledger.down[k] / participations);
        }
    }
    printf("  values %.2f words (%.2fx), wire %.1f bytes (%.2fx against dense SGD)\n", (double)values / 4.0 / participations,
           8.0 * (double)c->d * participations / (double)values, (double)wire / participations,
           8.0 * (double)c->d * participations / (double)wire);
}

enum dsgd_status dry_run(const struct dsgd_session *session, const char *path, bool json)
{
    struct dsgd_costs c;
    DSGD_TRY(dsgd_costs_measure(session, MEASURE_S, &c));
    if (json) { return print_json(session, &c, path); }
    dsgd_print_lines(stdout, session->spec->text);
    for (const char *line = session->spec->plugins; *line; line = strchr(line, '\n') + 1) { printf("# from a plug-in: %.*s\n", (int)strcspn(line, "\n"), line); }
    printf("# output ");
    dsgd_print_shown(stdout, path);
    printf("\n# data   ");
    dsgd_print_shown(stdout, dsgd_session_dataset_title(session));
    printf("\n");
    printf("parameters d           %zu\n", c.d);
    if (strcmp(c.hashes, "none") != 0) { printf("hashes of the sketch   %s\n", c.hashes); }
    print_bytes(&c);
    printf("memory                 engine %.1f MiB, workers %.1f MiB\n", (double)c.engine_bytes / 1048576.0,
           (double)c.worker_bytes / 1048576.0);
    for (int j = 0; strchr(c.share[0].device, ':') && j < c.shares; ++j) {
        printf("memory on %-12s %.1f MiB, %u workers\n", c.share[j].device, (double)c.share[j].bytes / 1048576.0, (unsigned)c.share[j].workers);
    }
    if (c.measured) {
        printf("time, estimated        %.1f s (%.1f us per step, %lld rows of %.1f ms)\n", c.total_s, 1e6 * c.round_s,
               (long long)c.rows, 1e3 * c.row_s);
    } else {
        printf("time                   not measured: rounds would take this memory, more than %zu MiB or than there is\n", DSGD_COSTS_MEMORY_MAX >> 20);
    }
    return DSGD_OK;
}
