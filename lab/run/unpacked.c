/* unpacked.c - keeps unpacked data, by the one road to the disk. Interface: unpacked.h. */
#include "lab/run/unpacked.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/run/session.h"
#include "record/folders.h"
#include "record/replace.h"

const char *dsgd_unpacked_folder(void)
{
    const char *folder = getenv("DSGD_UNPACKED");
    return folder && *folder ? folder : NULL;
}

static enum dsgd_status write_whole(const char *path, const void *head, size_t head_size, const void *rest, size_t rest_size)
{
    char target[DSGD_PATH_MAX];
    unsigned char start[DSGD_HEAD_MIN];
    struct dsgd_replace file = {.fd = -1};
    const size_t taken = sizeof start - head_size;
    memcpy(start, head, head_size);
    memcpy(start + head_size, rest, taken);
    DSGD_TRY(dsgd_make_folders(path));
    DSGD_TRY(dsgd_place(path, 0, target));
    dsgd_replace_clean(target, NULL);
    DSGD_TRY(dsgd_replace_begin(target, &file));
    if (!dsgd_write_at(file.fd, (const char *)rest + taken, rest_size - taken, sizeof start)) {
        const enum dsgd_status status = dsgd_fail_write(target, errno);
        dsgd_replace_cancel(&file);
        return status;
    }
    return dsgd_replace_commit(&file, start, sizeof start);
}

void dsgd_unpacked_write(void *context, const char *path, const void *head, size_t head_size, const void *rest, size_t rest_size)
{
    const struct dsgd_session_options *options = context;
    char text[DSGD_MESSAGE_MAX];
    if (head_size > DSGD_HEAD_MIN || head_size + rest_size < DSGD_HEAD_MIN) { return; } /* not worth a file */
    if (write_whole(path, head, head_size, rest, rest_size) == DSGD_OK || !options->say) { return; }
    snprintf(text, sizeof text, "data are not kept unpacked for the next run: %.700s", dsgd_error());
    options->say(options->say_context, true, text);
}
