/* bleu.c - words of mteval-v13a, clipped n-gram counts, and the score. Interface and sources: bleu.h.
 *
 * mteval-v13a's rules are about digits and ASCII punctuation alone, so they work on the bytes of UTF-8: none of them is inside another
 * character. Only what separates words at the end is Unicode's white space, as in sacreBLEU (Python's str.split).
 */
#include "deep/bleu.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/kernel/maths.h"

/* ---- words ---- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_point(char c) { return c == '.' || c == ','; }

/* [\{-\~\[-\` -\&\(-\+\:-\@\/]: all ASCII punctuation but ' , - . and the blank. */
static bool is_symbol(char c)
{
    return (c >= '{' && c <= '~') || (c >= '[' && c <= '`') || (c >= ' ' && c <= '&') || (c >= '(' && c <= '+') || (c >= ':' && c <= '@') || c == '/';
}

/* Bytes of the white space that stands at `at`, of which `size` are left; 0: none. */
static size_t white(const char *at, size_t size)
{
    const unsigned char c = (unsigned char)*at;
    if (c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f)) { return 1; }
    if (size >= 2 && c == 0xc2 && ((unsigned char)at[1] == 0x85 || (unsigned char)at[1] == 0xa0)) { return 2; } /* U+0085, U+00A0 */
    if (size < 3) { return 0; }
    const unsigned code = c < 0xe1 || c > 0xe3 ? 0 : (c & 15u) << 12 | ((unsigned char)at[1] & 63u) << 6 | ((unsigned char)at[2] & 63u);
    const bool narrow = code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x202f || code == 0x205f;
    return narrow || code == 0x2028 || code == 0x2029 || code == 0x3000 ? 3 : 0;
}

/* Every `from` becomes `to`, which is no longer, from left to right; returns the new size. */
static size_t replace(char *text, size_t size, const char *from, const char *to)
{
    const size_t old = strlen(from), new = strlen(to);
    size_t used = 0;
    for (size_t j = 0; j < size;) {
        if (size - j >= old && memcmp(text + j, from, old) == 0) {
            memcpy(text + used, to, new);
            used += new;
            j += old;
        } else {
            text[used++] = text[j++];
        }
    }
    return used;
}

/* s/([...])/ $1 /g */
static size_t part_symbols(const char *text, size_t size, char *out)
{
    size_t used = 0;
    for (size_t j = 0; j < size; ++j) {
        const bool symbol = is_symbol(text[j]);
        if (symbol) { out[used++] = ' '; }
        out[used++] = text[j];
        if (symbol) { out[used++] = ' '; }
    }
    return used;
}

/* The rules of two characters, whose matches do not overlap: s/(a)(b)/.../g with `rule` 2, 3 or 4 of mteval-v13a. */
static size_t part_pairs(int rule, const char *text, size_t size, char *out)
{
    size_t used = 0;
    for (size_t j = 0; j < size;) {
        const char a = text[j], b = j + 1 < size ? text[j + 1] : '\0';
        const bool two = j + 1 < size;
        const bool match = two && (rule == 2 ? !is_digit(a) && is_point(b) : rule == 3 ? is_point(a) && !is_digit(b) : is_digit(a) && b == '-');
        if (!match) {
            out[used++] = a;
            ++j;
            continue;
        }
        if (rule == 3) { out[used++] = ' '; } /* " $1 $2", else "$1 $2 " */
        out[used++] = a;
        out[used++] = ' ';
        out[used++] = b;
        if (rule != 3) { out[used++] = ' '; }
        j += 2;
    }
    return used;
}

static size_t split(char *text, size_t size)
{
    size_t used = 0;
    bool word = false;
    for (size_t j = 0; j < size;) {
        const size_t gap = white(text + j, size - j);
        if (gap == 0) {
            text[used++] = text[j++];
        } else {
            if (word) { text[used++] = ' '; }
            j += gap;
        }
        word = gap == 0;
    }
    return used; /* the text ends with a blank */
}

/* A symbol becomes three bytes, a point or comma five at most; two texts. */
size_t deep_bleu_words_room(size_t size) { return 2 * 5 * (size + 2); }

size_t deep_bleu_words(const char *text, size_t size, char *out)
{
    char *other = out + deep_bleu_words_room(size) / 2;
    out[0] = ' ';
    memcpy(out + 1, text, size);
    size_t n = replace(out + 1, size, "<skipped>", "");
    n = replace(out + 1, n, "&quot;", "\"");
    n = replace(out + 1, n, "&amp;", "&"); /* before the next two: "&amp;lt;" is "<" in the end */
    n = replace(out + 1, n, "&lt;", "<");
    n = 1 + replace(out + 1, n, "&gt;", ">");
    out[n++] = ' ';
    n = part_symbols(out, n, other);
    n = part_pairs(2, other, n, out);
    n = part_pairs(3, out, n, other);
    n = part_pairs(4, other, n, out);
    return split(out, n);
}

/* ---- counts ---- */

struct word {
    const char *at;
    size_t size;
    uint32_t place; /* in the hypothesis, then in the reference */
};

struct gram {
    uint32_t word[DEEP_BLEU_ORDER]; /* numbers of equal words are equal, from 1 on; 0 fills up */
    uint32_t reference;             /* whose it is */
};

static int by_text(const void *left, const void *right)
{
    const struct word *a = left, *b = right;
    const int order = memcmp(a->at, b->at, a->size < b->size ? a->size : b->size);
    return order != 0 ? order : a->size < b->size ? -1 : a->size > b->size;
}

static int by_words(const void *left, const void *right)
{
    const struct gram *a = left, *b = right;
    for (int k = 0; k < DEEP_BLEU_ORDER; ++k) {
        if (a->word[k] != b->word[k]) { return a->word[k] < b->word[k] ? -1 : 1; }
    }
    return 0;
}

static size_t count_blanks(const char *text, size_t size)
{
    size_t n = 0;
    for (size_t j = 0; j < size; ++j) { n += text[j] == ' '; }
    return n;
}

static size_t list_words(const char *text, size_t size, size_t from, struct word *word)
{
    for (size_t begin = 0, j = 0; j < size; ++j) {
        if (text[j] != ' ') { continue; }
        word[from] = (struct word){text + begin, j - begin, (uint32_t)from};
        begin = j + 1;
        ++from;
    }
    return from;
}

/* Memory of a sentence. */
struct counting {
    size_t hypothesis, words; /* of the hypothesis, and of both */
    struct word *word;        /* [words] */
    uint32_t *number;         /* [words] by place */
    struct gram *gram;        /* [words] */
};

/* The n-grams of both sides; each matches as often as both have it (Papineni et al., 2.1.1: clipped). */
static void count_order(const struct counting *c, size_t n, struct deep_bleu *bleu)
{
    size_t grams = 0;
    for (size_t j = 0; j + n <= c->words; ++j) {
        if (j < c->hypothesis && j + n > c->hypothesis) { continue; } /* not across the two sides */
        struct gram *g = &c->gram[grams++];
        *g = (struct gram){.reference = j >= c->hypothesis};
        memcpy(g->word, c->number + j, n * sizeof *g->word);
        bleu->total[n - 1] += !g->reference;
    }
    qsort(c->gram, grams, sizeof *c->gram, by_words);
    for (size_t j = 0; j < grams;) {
        uint64_t count[2] = {0, 0};
        const struct gram *first = &c->gram[j];
        for (; j < grams && by_words(first, &c->gram[j]) == 0; ++j) { ++count[c->gram[j].reference]; }
        bleu->correct[n - 1] += count[0] < count[1] ? count[0] : count[1];
    }
}

static void count_all(const struct counting *c, struct deep_bleu *bleu)
{
    qsort(c->word, c->words, sizeof *c->word, by_text);
    uint32_t number = 0;
    for (size_t j = 0; j < c->words; ++j) {
        number += j == 0 || by_text(&c->word[j - 1], &c->word[j]) != 0;
        c->number[c->word[j].place] = number;
    }
    for (size_t n = 1; n <= DEEP_BLEU_ORDER; ++n) { count_order(c, n, bleu); }
    bleu->hypothesis += c->hypothesis;
    bleu->reference += c->words - c->hypothesis;
}

enum dsgd_status deep_bleu_add(struct deep_bleu *bleu, const char *hypothesis, size_t hypothesis_size, const char *reference, size_t reference_size)
{
    const size_t room = deep_bleu_words_room(hypothesis_size);
    char *text = malloc(room + deep_bleu_words_room(reference_size)), *other = text ? text + room : NULL;
    if (!text) { return dsgd_fail(DSGD_ENOMEM, "no memory for the words of a sentence of %zu bytes", hypothesis_size); }
    const size_t size = deep_bleu_words(hypothesis, hypothesis_size, text), other_size = deep_bleu_words(reference, reference_size, other);
    struct counting c = {.hypothesis = count_blanks(text, size)};
    c.words = c.hypothesis + count_blanks(other, other_size);
    c.word = malloc((c.words + 1) * sizeof *c.word); /* + 1: never 0 bytes */
    c.number = malloc((c.words + 1) * sizeof *c.number);
    c.gram = malloc((c.words + 1) * sizeof *c.gram);
    const bool made = c.word && c.number && c.gram;
    if (made) {
        list_words(other, other_size, list_words(text, size, 0, c.word), c.word);
        count_all(&c, bleu);
    }
    free(c.word);
    free(c.number);
    free(c.gram);
    free(text);
    return made ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "no memory for the n-grams of a sentence of %zu words", c.words);
}

double deep_bleu_score(const struct deep_bleu *bleu)
{
    bool any = false;
    double sum = 0.0, smooth = 1.0;
    for (int n = 0; n < DEEP_BLEU_ORDER; ++n) { any = any || bleu->correct[n] > 0; }
    for (int n = 0; n < DEEP_BLEU_ORDER && any; ++n) {
        if (bleu->total[n] == 0) { return 0.0; } /* no sentence of so many words */
        const double total = (double)bleu->total[n];
        if (bleu->correct[n] == 0) { smooth *= 2.0; }
        sum += dsgd_log(bleu->correct[n] > 0 ? 100.0 * (double)bleu->correct[n] / total : 100.0 / (smooth * total));
    }
    if (!any) { return 0.0; }
    const double brevity = bleu->hypothesis < bleu->reference ? dsgd_exp(1.0 - (double)bleu->reference / (double)bleu->hypothesis) : 1.0;
    return brevity * dsgd_exp(sum / DEEP_BLEU_ORDER);
}
