/* text_file.h - texts that the command writes beside the results: whole or not at all, recognised before they are replaced.
 *
 * The last line holds the SHA-256 of everything before it; in a table for programs, which shall have no such line, the header's last column
 * is called after it. A file in which it is another one was written by somebody else, or was changed since: it is never replaced.
 */
#ifndef DSGD_RECORD_TEXT_FILE_H
#define DSGD_RECORD_TEXT_FILE_H

#include <stddef.h>
#include "sim/status.h"

/** How the last line looks. */
enum text_file_mark {
    TEXT_FILE_HASH,     /* # end rows=N sha256=HEX: N lines before it that are no comment */
    TEXT_FILE_MARKDOWN, /* <!-- end sha256=HEX --> */
    TEXT_FILE_TSV,      /* <TAB>sha256=HEX at the end of the first line, of the text without it */
    TEXT_FILE_JSON,     /* a last member "end_sha256" of the object that the text is */
};

/** Makes the folders and replaces `path` (through symbolic links) by the text and its last line. An existing file that says
 *  the same is not touched. DSGD_EINPUT with a sentence for a file that the program did not write (an empty one may be
 *  replaced), a folder or device; DSGD_EIO. */
enum dsgd_status dsgd_text_file_write(const char *path, const char *text, size_t size, enum text_file_mark mark);

/** The same refusals, before any work is done; touches nothing. */
enum dsgd_status dsgd_text_file_check(const char *path);

/** Reads a text that ends in "# end rows=N sha256=HEX" and is intact: without that line, ended by a zero byte, the caller's
 *  to free. DSGD_EINPUT with a sentence (not there, damaged), DSGD_ENOMEM. */
enum dsgd_status dsgd_text_file_read(const char *path, char **text, size_t *size);

/** Removes what killed writers left beside `path`, also when nothing is to be written. */
void dsgd_text_file_clean(const char *path);

/** Removes `path` if it is such a text; otherwise leaves it. */
void dsgd_text_file_remove(const char *path);

#endif
