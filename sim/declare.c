/* declare.c - what an algorithm declares, and what follows from it without running; slots that many algorithms share. */
#include "sim/inside.h"
#include "sim/kernel/block_hash.h"

void dsgd_field(struct dsgd_declaration *d, enum dsgd_party party, int field, const char *name, enum dsgd_type type, size_t n, enum dsgd_life life)
{
    if (field < 0 || field >= DSGD_FIELDS_MAX || d->field[party][field].name) {
        d->wrong = "a field number twice, or beyond the most fields";
    } else if (life == DSGD_KEPT && type != DSGD_F32 && type != DSGD_F64) {
        d->wrong = "a field that is kept in snapshots and is of another type than floats or doubles";
    } else {
        d->field[party][field] = (struct dsgd_field_spec){.name = name, .type = type, .n = n, .life = life};
    }
}

void dsgd_field_sketch(struct dsgd_declaration *d, int field, enum dsgd_hash hash, size_t n, uint32_t rows, uint32_t cols)
{
    dsgd_field(d, DSGD_ALL, field, "hashes", DSGD_HASHES, n, DSGD_TRANSIENT);
    if (d->wrong) { return; }
    if (rows % 2 == 0 || rows > DSGD_SKETCH_ROWS_MAX || cols == 0 || cols > INT32_MAX) {
        d->wrong = "a sketch of an even number of rows, of more than 63, or of no columns";
    } else if (hash == DSGD_BLOCKS && cols % DSGD_BLOCK > 0) {
        d->wrong = "a sketch with hashes of blocks whose columns are no multiple of 64";
    }
    d->field[DSGD_ALL][field].hash = hash;
    d->field[DSGD_ALL][field].rows = rows;
    d->field[DSGD_ALL][field].cols = cols;
}

void dsgd_field_voting(struct dsgd_declaration *d, int field, size_t n, uint32_t most)
{
    dsgd_field(d, DSGD_SERVER, field, "votes", DSGD_VOTES, n, DSGD_TRANSIENT);
    if (!d->wrong) { d->field[DSGD_SERVER][field].most = most; }
}

void dsgd_field_heavy(struct dsgd_declaration *d, int field, size_t k)
{
    dsgd_field(d, DSGD_SERVER, field, "heavy", DSGD_SET, k, DSGD_TRANSIENT);
    if (d->wrong) { return; }
    if (d->heavy) { d->wrong = "a second set of heavy coordinates"; }
    d->heavy = &d->field[DSGD_SERVER][field];
}

/* Sections on the wire: a header counts, and planes are two. */
static int on_the_wire(const struct dsgd_message_spec *message)
{
    int sections = 0;
    for (int s = 0; s < message->sections; ++s) {
        const struct dsgd_wire *wire = &message->section[s];
        sections += 1 + (wire->length.how == DSGD_AT_MOST) + (wire->type == DSGD_TERNARY && wire->code == DSGD_PLANES);
    }
    return sections;
}

static void add(struct dsgd_declaration *d, enum dsgd_way way, int e, int section, struct dsgd_wire wire)
{
    if (e < 0 || e >= DSGD_EXCHANGES_MAX || section != d->message[way][e].sections || section == DSGD_SECTIONS_MAX) {
        d->wrong = "a section that is not the next one of its message, or a message beyond the most exchanges";
        return;
    }
    struct dsgd_message_spec *message = &d->message[way][e];
    if (wire.length.how == DSGD_AS) {
        const int of = wire.length.section;
        if (of < 0 || of >= section || message->section[of].type != DSGD_SET) {
            d->wrong = "dsgd_as: expected the number of an earlier set of the same message";
            return;
        }
        wire.length.most = message->section[of].most;
    }
    if (wire.length.how == DSGD_AT_MOST && wire.type != DSGD_SET) { d->wrong = "dsgd_at_most: sets only; values go by dsgd_as"; }
    wire.most = wire.length.most;
    message->section[message->sections++] = wire;
    if (on_the_wire(message) > DSGD_SECTIONS_MAX) { d->wrong = "more than eight sections on the wire"; }
}

void dsgd_wire_f32(struct dsgd_declaration *d, enum dsgd_way way, int e, int section, enum dsgd_kind kind, enum dsgd_values as, struct dsgd_length n)
{
    add(d, way, e, section, (struct dsgd_wire){.kind = kind, .type = DSGD_F32, .code = (int)as, .length = n});
}

void dsgd_wire_set(struct dsgd_declaration *d, enum dsgd_way way, int e, int section, enum dsgd_kind kind, enum dsgd_indices as, struct dsgd_length n,
                   size_t limit)
{
    add(d, way, e, section, (struct dsgd_wire){.kind = kind, .type = DSGD_SET, .code = (int)as, .length = n, .limit = limit});
}

void dsgd_wire_signs(struct dsgd_declaration *d, enum dsgd_way way, int e, int section, enum dsgd_kind kind, size_t n)
{
    add(d, way, e, section, (struct dsgd_wire){.kind = kind, .type = DSGD_SIGNS, .length = dsgd_exactly(n)});
}

void dsgd_wire_ternary(struct dsgd_declaration *d, enum dsgd_way way, int e, int section, enum dsgd_kind kind, enum dsgd_ternaries as, size_t n)
{
    add(d, way, e, section, (struct dsgd_wire){.kind = kind, .type = DSGD_TERNARY, .code = (int)as, .length = dsgd_exactly(n)});
}

void dsgd_wire_levels(struct dsgd_declaration *d, enum dsgd_way way, int e, int section, enum dsgd_kind kind, enum dsgd_levels as, uint32_t m, size_t n)
{
    add(d, way, e, section, (struct dsgd_wire){.kind = kind, .type = DSGD_I32, .code = (int)as, .length = dsgd_exactly(n), .m = m});
}

size_t dsgd_wire_count(const struct dsgd_message_spec *message, int section, const struct dsgd_round *round)
{
    const struct dsgd_length *length = &message->section[section].length;
    switch (length->how) {
    case DSGD_PLANNED: return round->k;
    case DSGD_AS: return dsgd_wire_count(message, length->section, round);
    case DSGD_EXACTLY:
    case DSGD_AT_MOST: break;
    }
    return length->most;
}

/* ---- ready-made slots ---- */

void dsgd_absorb_sum(const void *common, struct dsgd_rows *s, const struct dsgd_arrivals *up, const struct dsgd_round *round)
{
    (void)common, (void)round;
    dsgd_fold_sum(s, up, 0, dsgd_field_f64(s, 0));
}

void dsgd_finish_mean(const void *common, struct dsgd_rows *s, const struct dsgd_round *round)
{
    (void)common;
    dsgd_mean(s, 1.0 / round->participants, dsgd_field_f64(s, 0), dsgd_send_f32(s, 0));
}

double dsgd_tau_k(const struct dsgd_setting *setting)
{
    const struct dsgd_param *row = dsgd_param_find(setting->params, "k");
    if (!row) { return 1.0; }
    return (double)*(const int64_t *)(const void *)((const char *)setting->config + row->offset) / (double)setting->layout->d;
}

struct dsgd_update dsgd_decode_dense(const void *common, struct dsgd_rows *all, const struct dsgd_round *round)
{
    (void)common;
    return dsgd_dense(round->lr, dsgd_down_f32(all, 0, 0));
}
