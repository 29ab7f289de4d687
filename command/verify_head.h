/* verify_head.h - the first line of a stored check or map: everything that its numbers depend on. */
#ifndef DSGD_COMMAND_VERIFY_HEAD_H
#define DSGD_COMMAND_VERIFY_HEAD_H

#include <stdbool.h>
#include "verify/verify.h"

enum { VERIFY_HEAD_MAX = 320, VERIFY_HASH_MAX = 65 };

/** "# KIND NAME, version N, results version N, seed N, full|quick, fault NAME|none, data SHA256|none" and its line end. `kind` is check or
 *  map, `data` the SHA-256 of the dataset behind the numbers or "none". */
void verify_head(const char *kind, const char *name, int version, const struct verify_context *context, const char *data, char head[VERIFY_HEAD_MAX]);

/** Is `line` such a head that differs from `head`, which has data "none", in its data alone? Its hash into `data`. */
bool verify_head_other_data(const char *line, const char *head, char data[VERIFY_HASH_MAX]);

#endif
