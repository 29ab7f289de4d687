/* whole_output.h - what a command prints, made in memory: it appears whole on stdout or in a file, or not at all. */
#ifndef DSGD_COMMAND_WHOLE_OUTPUT_H
#define DSGD_COMMAND_WHOLE_OUTPUT_H

#include <stdio.h>
#include "lab/report/grid.h"
#include "record/text_file.h"

struct whole_output {
    FILE *out; /* print here */
    char *text;
    size_t size;
};

/** DSGD_ENOMEM. */
enum dsgd_status whole_output_open(struct whole_output *output);
/** Ends the output. If `status` is DSGD_OK prints it, to the file `path` or, if that is NULL, to stdout; whether stdout took it
 *  all is found by main. Returns `status`, else what went wrong. */
enum dsgd_status whole_output_close(struct whole_output *output, enum dsgd_status status, const char *path, enum text_file_mark mark);

enum whole_form { WHOLE_TSV, WHOLE_JSON /* {"rows": [...]} */ };

/** A grid as the whole output, to `path` or stdout; frees it. */
enum dsgd_status whole_output_grid(struct dsgd_grid *grid, enum whole_form form, const char *path);

#endif
