/* aliases.c - other tools' words. Interface: aliases.h. */
#include "lab/config/aliases.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lab/config/spec.h"
#include "sim/run_config.h"

enum { KEYS_SHOWN = 5 };

bool dsgd_alias_in(const char *list, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = list; at && *at;) {
        at += strspn(at, ", ");
        const size_t n = strcspn(at, ",;");
        const bool ends = n == length || (n > length && strncmp(at + length, " = ", 3) == 0);
        if (ends && length > 0 && strncasecmp(at, word, length) == 0) { return true; }
        at += n;
        if (*at == ';') { return false; }
    }
    return false;
}

bool dsgd_alias_of_key(const struct dsgd_param *param, const char *word)
{
    const char *list = strstr(param->help, "alias: ");
    return list && dsgd_alias_in(list + strlen("alias: "), word);
}

struct found {
    char *text;
    size_t size, used, n;
};

static void add(struct found *f, const char *section, const char *key)
{
    ++f->n;
    if (f->n > KEYS_SHOWN || f->used >= f->size) { return; }
    f->used += (size_t)snprintf(f->text + f->used, f->size - f->used, "%s%s%s%s", f->n > 1 ? ", " : "", section, *section ? "." : "", key);
}

/* Keys of a table whose alias the word is, or whose name. */
static void look(struct found *f, const char *section, const struct dsgd_param *table, const char *word, bool by_name)
{
    for (const struct dsgd_param *p = table; p && p->name; ++p) {
        if (by_name ? strcmp(p->name, word) == 0 : dsgd_alias_of_key(p, word)) { add(f, section, p->name); }
    }
}

size_t dsgd_alias_keys(const char *section, const char *word, char *text, size_t size)
{
    struct found f = {text, size, 0, 0};
    *text = '\0';
    for (int by_name = *section ? 0 : 1; by_name >= 0; --by_name) {
        const char *name = NULL;
        const struct dsgd_param *table = NULL;
        if (!*section) { look(&f, "", dsgd_run_params, word, by_name); }
        for (size_t i = 0; dsgd_spec_section(i, &name, &table); ++i) {
            if (!*section || strcmp(section, name) == 0) { look(&f, name, table, word, by_name); }
        }
    }
    if (f.n > KEYS_SHOWN && f.used < size) { snprintf(text + f.used, size - f.used, " and %zu more", f.n - KEYS_SHOWN); }
    return f.n;
}
