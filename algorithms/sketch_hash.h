/* sketch_hash.h - the key `hash` of algorithms that own a Count Sketch: what `auto` takes, what is refused, what is worth a hint.
 *
 * Two families (docs/sketching.md): `textbook` hashes each coordinate by itself; `block` moves 64 coordinates at once, an order of
 * magnitude faster on long vectors, and needs a number of columns that is a multiple of 64. Columns are never rounded.
 */
#ifndef DSGD_ALGORITHMS_SKETCH_HASH_H
#define DSGD_ALGORITHMS_SKETCH_HASH_H

#include "sim/device.h"
#include "sim/status.h"

/** The key's words: a row of the parameter table of type CHOICE. */
enum dsgd_hash_key { DSGD_HASH_AUTO, DSGD_HASH_TEXTBOOK, DSGD_HASH_BLOCK };
#define DSGD_HASH_CHOICES "auto|textbook|block"
/** Where auto may take block, for a row's help text. */
#define DSGD_HASH_HELP "family of hashes (docs/sketching.md): textbook, each coordinate by itself; block, 64 at once, cols a multiple of 64; " \
                       "auto = block where d >= 65536 and cols >= 1024 is such a multiple"

/** From here on `auto` takes blocks: sketches that time is spent on. */
enum { DSGD_HASH_BLOCKS_FROM_D = 65536, DSGD_HASH_BLOCKS_FROM_COLS = 1024 };

/** What a setting asks for. */
struct dsgd_hash_wish {
    const char *section; /* of the configuration, for sentences */
    int key;             /* enum dsgd_hash_key */
    bool may;            /* auto may take blocks; false where theorems are checked, whose proofs speak of textbook hashes */
    size_t n;            /* coordinates that are sketched */
    int64_t cols;
};

/** The family, for dsgd_field_sketch. */
enum dsgd_hash dsgd_hash_of(const struct dsgd_hash_wish *wish);

/** For `check`: DSGD_EINPUT with a sentence that names both neighbours where block is asked for and the columns are no multiple of 64. */
enum dsgd_status dsgd_hash_check(const struct dsgd_hash_wish *wish);

/** For `hint`: a sentence where the number of columns alone keeps auto from blocks, else "". */
void dsgd_hash_hint(const struct dsgd_hash_wish *wish, char *text, size_t size);

#endif
