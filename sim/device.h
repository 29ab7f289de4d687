/* device.h - vectors on a device, and row-wise work on them.
 *
 * A vector is named by a handle, a pointer to a type that is never completed outside sim/ and the folders of the devices: v[3]
 * does not compile. A handle knows where its rows lie, how long they are and, for sets, how many coordinates are in them, a
 * number that stays on the device. So no operation takes a length, lengths are checked once for all devices (sim/ops*.c), and
 * nothing that an algorithm decides on the host depends on data.
 *
 * Rows: a worker's turn serves a block of workers at once, one row each; the server's turn has one row. An operation below
 * works on each row by itself. What combines rows is in sim/algorithm.h and takes a struct dsgd_arrivals, which only the
 * server is given: mixing workers does not compile. Vectors that all rows share (answers, what everybody knows) are const.
 *
 * Operations return nothing. The first failure sticks to the queue behind the rows, later operations do nothing, and the
 * engine asks once a phase. Working memory is reserved before the run: it was measured on a queue that does nothing.
 * A turn knows its workers and its step: operations that draw take a key alone (sim/kernel/rng.h), and every row draws its own numbers.
 * Unless said otherwise a result may be the same vector as an argument of its type, and no other overlap is allowed.
 * Letters: n elements of a vector, k coordinates of a set, d parameters. Cost is that of one pass unless it is named.
 */
#ifndef DSGD_SIM_DEVICE_H
#define DSGD_SIM_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sim/kernel/rng.h"

typedef struct dsgd_f32 dsgd_f32;         /* floats */
typedef struct dsgd_f64 dsgd_f64;         /* doubles */
typedef struct dsgd_i32 dsgd_i32;         /* integers */
typedef struct dsgd_set dsgd_set;         /* ascending coordinates, some number of them in each row */
typedef struct dsgd_signs dsgd_signs;     /* one bit per coordinate: set means minus */
typedef struct dsgd_ternary dsgd_ternary; /* vectors of -1, 0, 1 as two bit planes: non-zero, negative */
typedef struct dsgd_votes dsgd_votes;     /* how many of the messages that arrived say minus, for each coordinate */
typedef struct dsgd_sketch dsgd_sketch;   /* hash functions of a Count Sketch, not its table */

struct dsgd_rows;     /* a party's turn: some rows on one queue */
struct dsgd_groups;   /* consecutive coordinates that share one number: segments, buckets, or all of them as one group */
struct dsgd_runs;     /* some of the d coordinates, as runs of consecutive ones; a vector of them alone is called packed */
struct dsgd_matrices; /* runs that are taken as matrices, with room for the thin factors P and Q of each */

size_t dsgd_groups_count(const struct dsgd_groups *groups);
size_t dsgd_runs_count(const struct dsgd_runs *runs);            /* coordinates in all runs */
size_t dsgd_matrices_count(const struct dsgd_matrices *matrices); /* matrices; p, q: elements of all P, of all Q */
size_t dsgd_matrices_p(const struct dsgd_matrices *matrices);
size_t dsgd_matrices_q(const struct dsgd_matrices *matrices);

/* ---- working memory of this turn: not cleared, gone when the turn ends ---- */

dsgd_f32 *dsgd_take_f32(struct dsgd_rows *r, size_t n);
dsgd_f64 *dsgd_take_f64(struct dsgd_rows *r, size_t n);
dsgd_i32 *dsgd_take_i32(struct dsgd_rows *r, size_t n);
dsgd_set *dsgd_take_set(struct dsgd_rows *r, size_t most);
dsgd_signs *dsgd_take_signs(struct dsgd_rows *r, size_t n);

/* ---- vec: element by element; y, u, v are read and written ---- */

void dsgd_clear(struct dsgd_rows *r, dsgd_f32 *v);
void dsgd_copy(struct dsgd_rows *r, const dsgd_f32 *from, dsgd_f32 *to);
void dsgd_copy_i32(struct dsgd_rows *r, const dsgd_i32 *from, dsgd_i32 *to);
void dsgd_subtract(struct dsgd_rows *r, const dsgd_f32 *a, const dsgd_f32 *b, dsgd_f32 *out);   /* out = a - b */
void dsgd_scale(struct dsgd_rows *r, double factor, const dsgd_f32 *x, dsgd_f32 *out);          /* out = (float)(factor x) */
void dsgd_add_scaled(struct dsgd_rows *r, float eta, const dsgd_f32 *g, dsgd_f32 *v);           /* v += eta g */
void dsgd_scale_add(struct dsgd_rows *r, float m, dsgd_f32 *u, const dsgd_f32 *g);              /* u = m u + g */
void dsgd_moving_average(struct dsgd_rows *r, float b, dsgd_f32 *u, const dsgd_f32 *g);         /* u = b u + (1 - b) g */
/** u = m u + g; v += eta u. */
void dsgd_momentum(struct dsgd_rows *r, float m, float eta, const dsgd_f32 *g, dsgd_f32 *u, dsgd_f32 *v);
/** u = m (u + g); v += eta (u + g). */
void dsgd_nesterov(struct dsgd_rows *r, float m, float eta, const dsgd_f32 *g, dsgd_f32 *u, dsgd_f32 *v);
void dsgd_axpy(struct dsgd_rows *r, double a, const dsgd_f64 *x, dsgd_f32 *y);                  /* y = (float)(y + a x) */
void dsgd_error_add(struct dsgd_rows *r, double eta, const dsgd_f32 *g, dsgd_f64 *a);           /* a += eta g */
void dsgd_round(struct dsgd_rows *r, const dsgd_f64 *a, dsgd_f32 *out);                         /* out = (float)a */
void dsgd_mean(struct dsgd_rows *r, double factor, const dsgd_f64 *sum, dsgd_f32 *out);         /* out = (float)(factor sum) */
/** out = a > 0 ? (float)(factor a) : otherwise. */
void dsgd_where_positive(struct dsgd_rows *r, double factor, const dsgd_f64 *a, const dsgd_f32 *otherwise, dsgd_f32 *out);

/* ---- sparse: a value vector that goes with a set has at least as many elements, the set's length decides ---- */

void dsgd_gather(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f32 *v, dsgd_f32 *out);       /* out[j] = v[at_j] */
void dsgd_gather_f64(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f64 *a, dsgd_f32 *out);   /* out[j] = (float)a[at_j] */
void dsgd_scatter(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f32 *x, dsgd_f32 *v);        /* v[at_j] = x[j] */
void dsgd_scatter_subtract(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f32 *x, dsgd_f64 *a); /* a[at_j] -= x[j] */
void dsgd_scatter_clear(struct dsgd_rows *r, const dsgd_set *at, dsgd_f32 *v);                     /* v[at_j] = 0 */
void dsgd_copy_set(struct dsgd_rows *r, const dsgd_set *from, dsgd_set *to);
void dsgd_subset(struct dsgd_rows *r, const dsgd_set *of, const dsgd_set *places, dsgd_set *out);  /* out_j = of[places_j] */
void dsgd_intersect(struct dsgd_rows *r, const dsgd_set *a, const dsgd_set *b, dsgd_set *out);     /* what is in both */
/** The coordinates that a sum of sparse vectors has seen and (float)(factor sum) there; leaves sum and seen zero. */
void dsgd_sparse_take(struct dsgd_rows *r, double factor, dsgd_f64 *sum, dsgd_i32 *seen, dsgd_set *at, dsgd_f32 *value);
/* runs */
void dsgd_pack(struct dsgd_rows *r, const struct dsgd_runs *runs, const dsgd_f32 *v, dsgd_f32 *packed);
void dsgd_unpack(struct dsgd_rows *r, const struct dsgd_runs *runs, const dsgd_f32 *packed, dsgd_f32 *v); /* the rest of v stays */
void dsgd_clear_runs(struct dsgd_rows *r, const struct dsgd_runs *runs, dsgd_f32 *v);
void dsgd_unpack_places(struct dsgd_rows *r, const struct dsgd_runs *runs, dsgd_set *places); /* places in the packed vector become coordinates */
/** One ascending list of a sparse vector and of dense runs that it does not meet. */
void dsgd_merge_runs(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f32 *value, const struct dsgd_runs *runs,
                     const dsgd_f32 *packed, dsgd_set *at_all, dsgd_f32 *value_all);

/* ---- select: magnitudes in the order larger first, then lower index; both zeros are equal, every NaN is above infinity ---- */

/** The k largest |v|. About 1.2 reads of v for k << n, 16 reads at worst. */
void dsgd_select_topk(struct dsgd_rows *r, const dsgd_f32 *v, size_t k, dsgd_set *out);
/** Places of the k largest |value| of a sparse vector, which has at least k coordinates. */
void dsgd_select_topk_sparse(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f32 *value, size_t k, dsgd_set *places);
/** {i : |v_i| >= threshold}, all of them; NaN is chosen. */
void dsgd_select_at_least(struct dsgd_rows *r, const dsgd_f32 *v, float threshold, dsgd_set *out);
/** HEAVYMIX, lines 3-4 (Ivkin et al. 2019, Algorithm 1): H = {i : est_i^2 >= norm2 / k}, its k largest if there are more, else H
 *  and coordinates drawn uniformly from the rest by the server. An estimate of exactly 0 is never heavy. heavy: which of `out` are in
 *  H; NULL: not asked. */
void dsgd_select_heavymix(struct dsgd_rows *r, const dsgd_f32 *estimate, const dsgd_f64 *norm2 /*[1]*/, size_t k,
                          struct dsgd_rng_key key, dsgd_set *out, dsgd_set *heavy);
/** k of 0 .. n-1, 0 <= k <= n, uniformly without replacement (Floyd 1987); item = position in Floyd's loop, the row's party draws. k = 0:
 *  nothing is drawn, the set is empty. */
void dsgd_select_uniform(struct dsgd_rows *r, size_t n, size_t k, struct dsgd_rng_key key, dsgd_set *out);

/* ---- group: one number for each group, which stays on the device. Sums have the order of sim/kernel/sum.h ---- */

void dsgd_group_max_abs(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *v, dsgd_f32 *out /*[groups]*/);  /* a NaN stays */
void dsgd_group_mean_abs(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *v, dsgd_f32 *out /*[groups]*/); /* ||v||_1 / n; 0 if empty */
void dsgd_group_norm(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *v, dsgd_f64 *out /*[groups]*/);     /* ||v||_2 */
void dsgd_group_std(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *v, dsgd_f64 *out /*[groups]*/);      /* sqrt(mean (v - mean v)^2) */
/** out = v limited to [-b, b], b = (float)(factor unit); where unit is not above 0 nothing is limited. */
void dsgd_group_clip(struct dsgd_rows *r, const struct dsgd_groups *g, double factor, const dsgd_f64 *unit, const dsgd_f32 *v, dsgd_f32 *out);
/** out = v, or (float)(bound / norm v) where norm exceeds bound. */
void dsgd_group_shorten(struct dsgd_rows *r, const struct dsgd_groups *g, double bound, const dsgd_f64 *norm, const dsgd_f32 *v, dsgd_f32 *out);
/** out = level (unit / divisor), in floats. */
void dsgd_group_units(struct dsgd_rows *r, const struct dsgd_groups *g, float divisor, const dsgd_f32 *unit, const dsgd_i32 *level, dsgd_f32 *out);
/** out = scale, or -scale where the sign is minus. */
void dsgd_group_signs(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *scale, const dsgd_signs *signs, dsgd_f32 *out);

/* ---- sign: one bit for numbers that may be 0, which a bit cannot say ---- */

/** What the bit of a zero says. */
enum dsgd_zero { DSGD_PLUS, DSGD_MINUS, DSGD_COIN };
#define DSGD_ZERO_CHOICES "plus|minus|coin"
/** Minus where v < 0, or where v is 0 (of either sign) and the rule says so; a NaN is plus. Coin: coordinate i takes word i % 4 of
 *  the draw with item i / 4, the row's party draws, and is minus where the word is odd. */
void dsgd_sign_pack(struct dsgd_rows *r, const dsgd_f32 *v, enum dsgd_zero zero, struct dsgd_rng_key key, dsgd_signs *out);
/** The majority of the votes, by the server: plus or minus, whichever was said more often; the rule decides a tie, as a zero above. */
void dsgd_sign_pack_votes(struct dsgd_rows *s, const dsgd_votes *votes, enum dsgd_zero tie, struct dsgd_rng_key key, dsgd_signs *out);
void dsgd_sign_unpack(struct dsgd_rows *r, const dsgd_signs *signs, dsgd_f32 *out); /* out = 1, or -1 where the sign is minus */
/** v -= scale, or v += scale where dsgd_sign_pack says minus of v itself. No coin: the sign must be found again. */
void dsgd_sign_subtract(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *scale, enum dsgd_zero zero, dsgd_f32 *v);

/* ---- ternary and levels: stochastic rounding. Word i % 4 of the draw with item i / 4 belongs to coordinate i ---- */

/** t_i = sign(v_i) with probability |v_i| / scale, always where |v_i| >= scale: word below floor(|v_i| (2^32 / scale)). A scale that
 *  is not positive and finite gives zeros. */
void dsgd_ternarise(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *scale, const dsgd_f32 *v, struct dsgd_rng_key key, dsgd_ternary *out);
/** QSGD (Alistarh et al. 2017, 3.1): level in [-s, s], sign(v_i) floor(a + word / 2^32) with a = |v_i| (s / norm), at most s: l + 1 with
 *  probability a - l and l = floor(a) otherwise. A norm that is not positive and finite gives levels 0. */
void dsgd_quantise(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *norm, uint32_t s, const dsgd_f32 *v, struct dsgd_rng_key key, dsgd_i32 *level);
/** out = (float)(level (norm / s)), in doubles. */
void dsgd_dequantise(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *norm, uint32_t s, const dsgd_i32 *level, dsgd_f32 *out);

/* ---- sketch: Count Sketch (Charikar, Chen, Farach-Colton 2002); a table cell sums its coordinates in ascending order ---- */

/** Which hash functions: 2-wise independent buckets and 4-wise independent signs for each coordinate (Charikar et al.), or for blocks of 64
 *  coordinates (sim/kernel/block_hash.h, docs/sketching.md), where columns are a multiple of 64. */
enum dsgd_hash { DSGD_TEXTBOOK, DSGD_BLOCKS };
enum dsgd_fresh { DSGD_ONCE, DSGD_EACH_STEP };
/** Hash functions that follow from the seed and, if each step has its own, from the step; nothing happens where they are these already. */
void dsgd_sketch_reseed(struct dsgd_rows *all, dsgd_sketch *s, uint32_t seed, enum dsgd_fresh fresh);
void dsgd_sketch_vector(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_f32 *v, dsgd_f32 *table); /* table = S(v); O(d rows) */
/** u = m u + g; v += eta u; table = S(v): the bits of dsgd_momentum and dsgd_sketch_vector, in one pass where a device has it. */
void dsgd_sketch_momentum(struct dsgd_rows *r, const dsgd_sketch *s, float m, float eta, const dsgd_f32 *g, dsgd_f32 *u, dsgd_f32 *v, dsgd_f32 *table);
void dsgd_sketch_add_some(struct dsgd_rows *r, const dsgd_sketch *s, float factor, const dsgd_set *at, const dsgd_f32 *value, dsgd_f32 *table); /* += factor S(..) */
void dsgd_sketch_clear_some(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_set *at, dsgd_f32 *table); /* the cells of these coordinates */
void dsgd_sketch_estimate(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_f32 *table, dsgd_f32 *out /*[n]*/); /* median of rows; O(d rows) */
/** Alon, Matias, Szegedy 1999: median of the rows' squared norms, an estimate of ||v||^2. */
void dsgd_sketch_norm2(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_f32 *table, dsgd_f64 *out /*[1]*/);
/** The coordinates of the k largest |estimates|, k <= n, as dsgd_select_topk of all estimates chooses them, and these estimates (value NULL: not
 *  asked). No vector of n elements is made. */
void dsgd_sketch_topk(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_f32 *table, size_t k, dsgd_set *out, dsgd_f32 *value /*[k]*/);
/** What dsgd_select_heavymix chooses from all estimates; likewise. */
void dsgd_sketch_heavymix(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_f32 *table, const dsgd_f64 *norm2 /*[1]*/, size_t k,
                          struct dsgd_rng_key key, dsgd_set *out, dsgd_set *heavy);

/* ---- lowrank: P (rows x rank) and Q (cols x rank) of all matrices lie one behind the other, column by column; sums in doubles ---- */

void dsgd_lowrank_times(struct dsgd_rows *r, const struct dsgd_matrices *m, const dsgd_f32 *v, const dsgd_f32 *q, dsgd_f32 *p);            /* P = M Q */
void dsgd_lowrank_transposed_times(struct dsgd_rows *r, const struct dsgd_matrices *m, const dsgd_f32 *v, const dsgd_f32 *p, dsgd_f32 *q); /* Q = M^T P */
/** Modified Gram-Schmidt, left to right. A column of which less than 1e-7 of its norm remains becomes zero. */
void dsgd_lowrank_orthonormalise(struct dsgd_rows *r, const struct dsgd_matrices *m, dsgd_f32 *p);
void dsgd_lowrank_product(struct dsgd_rows *r, const struct dsgd_matrices *m, const dsgd_f32 *p, const dsgd_f32 *q, dsgd_f32 *v);  /* M = P Q^T; the rest of v stays */
void dsgd_lowrank_subtract(struct dsgd_rows *r, const struct dsgd_matrices *m, const dsgd_f32 *p, const dsgd_f32 *q, dsgd_f32 *v); /* M -= P Q^T, the same floats */
/** Standard normal numbers, the same in every row (the server draws), in all columns of Q or in those that are all zero. */
void dsgd_lowrank_fresh(struct dsgd_rows *r, const struct dsgd_matrices *m, bool all, struct dsgd_rng_key key, dsgd_f32 *q);

/* ---- a loop of one's own, in C, on host memory ---- */

enum { DSGD_OPERANDS_MAX = 8 };
enum dsgd_access { DSGD_READ, DSGD_WRITE, DSGD_READ_WRITE };
/** One row, as the loop sees it: array[j] is float, double, int32_t or, of a set, uint32_t [count]. */
struct dsgd_host_row {
    const void *arguments;
    uint32_t worker, step;             /* worker: DSGD_RNG_SERVER for the server */
    void *array[DSGD_OPERANDS_MAX];
    size_t count[DSGD_OPERANDS_MAX];   /* elements; of a set that is read: those in it; of one that is only written (DSGD_WRITE): those there is
                                        * room for */
    uint32_t *length[DSGD_OPERANDS_MAX]; /* of a set, else NULL: a loop that writes it sets *length, at most the room */
};
typedef void dsgd_host_function(const struct dsgd_host_row *row);
/** An argument, made by one of the functions below. */
struct dsgd_operand {
    enum dsgd_access access;
    int type;           /* enum dsgd_type of sim/algorithm.h */
    const void *handle;
};
struct dsgd_operand dsgd_operand_f32(enum dsgd_access access, const dsgd_f32 *v);
struct dsgd_operand dsgd_operand_f64(enum dsgd_access access, const dsgd_f64 *v);
struct dsgd_operand dsgd_operand_i32(enum dsgd_access access, const dsgd_i32 *v);
struct dsgd_operand dsgd_operand_set(enum dsgd_access access, const dsgd_set *set);
/** Calls `function` once for each row: directly on the CPU, on copies elsewhere. The function keeps nothing and prints nothing;
 *  arguments live until the call returns. For algorithms and problems whose loop is no operation yet. */
void dsgd_host_op(struct dsgd_rows *r, dsgd_host_function *function, const void *arguments, const struct dsgd_operand operand[], int operands);

#endif
