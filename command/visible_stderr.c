/* visible_stderr.c - a stream in front of stderr that shows control characters. Interface: visible_stderr.h.
 *
 * Names of files come from patterns of the shell, so an argument may hold what its typist never saw. Sentences are printed in
 * many places, some of them in libc; the stream is the one place that all of them pass.
 */
#define _GNU_SOURCE /* fopencookie, as argp a feature of glibc */
#include "command/visible_stderr.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lab/report/text_out.h"

enum { LINE = 1024, CHARACTER = 4 };

static int write_all(const char *text, size_t size)
{
    while (size > 0) {
        const ssize_t n = write(STDERR_FILENO, text, size);
        if (n < 0 && errno != EINTR) { return -1; }
        if (n > 0) {
            text += n;
            size -= (size_t)n;
        }
    }
    return 0;
}

/* The text between line ends and tabs as dsgd_print_shown has it. What the caller writes ends with whole characters: stdio hands over
 * lines, or a full buffer, whose last character may then be shown byte by byte. */
static ssize_t show(void *cookie, const char *text, size_t size)
{
    (void)cookie;
    char shown[CHARACTER * LINE + 1], part[LINE + 1];
    for (size_t at = 0; at < size;) {
        size_t length = 0;
        while (at + length < size && length < LINE && text[at + length] != '\n' && text[at + length] != '\t' && text[at + length]) { ++length; }
        if (length == LINE) { /* not in the middle of a character */
            while (length > LINE - CHARACTER && ((unsigned char)text[at + length] & 0xc0) == 0x80) { --length; }
        }
        memcpy(part, text + at, length);
        part[length] = '\0';
        dsgd_text_shown_into(shown, sizeof shown, part);
        at += length;
        if (write_all(shown, strlen(shown)) != 0) { return 0; }
        if (at < size && (text[at] == '\n' || text[at] == '\t') && write_all(text + at, 1) != 0) { return 0; }
        at += at < size && (text[at] == '\n' || text[at] == '\t' || !text[at]);
    }
    return (ssize_t)size;
}

void visible_stderr(void)
{
    static const cookie_io_functions_t functions = {.write = show};
    FILE *stream = fopencookie(NULL, "w", functions);
    if (!stream) { return; }
    setvbuf(stream, NULL, _IOLBF, 0);
    stderr = stream; /* glibc's is a variable */
}
