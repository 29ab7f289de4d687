/* message.c - names of the kinds of sections. */
#include "sim/message.h"

const char *dsgd_kind_name(enum dsgd_kind kind)
{
    static const char *const names[] = {
#define DSGD_KIND_WORD(name, word, help) word,
        DSGD_KIND_LIST(DSGD_KIND_WORD)
#undef DSGD_KIND_WORD
    };
    return kind < DSGD_KINDS ? names[kind] : "unknown";
}
