/* lock.h - one writer at a time: a lock file beside the output. */
#ifndef DSGD_RECORD_LOCK_H
#define DSGD_RECORD_LOCK_H

#include <stdbool.h>
#include "record/replace.h"

/** The lock's name for an output: in its folder, of fixed length whatever the output is called. */
void dsgd_lock_name(const char *output, char lock[DSGD_PATH_MAX]);

/** Takes the lock; *fd is open until dsgd_lock_release. wait: until its holder is done. DSGD_EINPUT with a sentence if another
 *  process holds it, or a file of this name is no lock of ours (left as it is); DSGD_EIO where nothing can be created or locked. */
enum dsgd_status dsgd_lock_take(const char *output, const char *lock, bool wait, int *fd);
/** Removes the lock of a process that was killed, for whoever needs no lock because what it guarded is there already. */
void dsgd_lock_clean(const char *lock);
void dsgd_lock_release(const char *lock, int *fd);

/** Is an open file the lock of a dsgd (or empty, as one that was just made)? */
bool dsgd_lock_is_one(int fd);

#endif
