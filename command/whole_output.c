/* whole_output.c - what a command prints, whole or not at all. Interface: whole_output.h. */
#include "command/whole_output.h"

#include "command/json_out.h"

#include <stdlib.h>

enum dsgd_status whole_output_open(struct whole_output *output)
{
    *output = (struct whole_output){.text = NULL};
    output->out = open_memstream(&output->text, &output->size);
    return output->out ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "no memory for the output");
}

enum dsgd_status whole_output_close(struct whole_output *output, enum dsgd_status status, const char *path, enum text_file_mark mark)
{
    const int lost = ferror(output->out);
    if ((fclose(output->out) != 0 || lost) && status == DSGD_OK) { status = dsgd_fail(DSGD_ENOMEM, "no memory for the output"); }
    if (status == DSGD_OK && path) { status = dsgd_text_file_write(path, output->text, output->size, mark); }
    if (status == DSGD_OK && !path) { fwrite(output->text, 1, output->size, stdout); }
    free(output->text);
    *output = (struct whole_output){.text = NULL};
    return status;
}

enum dsgd_status whole_output_grid(struct dsgd_grid *grid, enum whole_form form, const char *path)
{
    struct whole_output whole;
    enum dsgd_status status = whole_output_open(&whole);
    if (status == DSGD_OK) {
        status = form == WHOLE_TSV ? dsgd_grid_print(grid, whole.out) : json_write(json_pack("{s:o}", "rows", json_grid(grid)), whole.out);
        status = whole_output_close(&whole, status, path, form == WHOLE_TSV ? TEXT_FILE_TSV : TEXT_FILE_JSON);
    }
    dsgd_grid_clear(grid);
    return status;
}
