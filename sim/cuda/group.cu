/* group.cu - one number for each group of coordinates, and what is done with it. Sums in the one order: sim/cuda/sum.h. */
#include "sim/cuda/group.h"

#include <math.h>

#include "sim/cuda/map.h"
#include "sim/cuda/sum.h"
#include "sim/kernel/vec.h"

/* ---- one number ---- */

struct no_context {};

/* Magnitudes as integers have the order of the numbers, and every NaN lies above infinity: the largest one stays. */
struct max_abs_one {
    typedef float value;
    typedef int32_t number;
    struct dsgd_array v, out;
    __device__ const float *row(size_t i) const { return cuda_row<const float>(v, i); }
    __device__ int32_t zero() const { return 0; }
    __device__ no_context begin(size_t, size_t) const { return {}; }
    __device__ int32_t join(int32_t a, int32_t b) const { return a > b ? a : b; }
    __device__ int32_t add(int32_t most, float x, no_context) const { return join(most, (int32_t)(dsgd_bits32(x) & 0x7fffffffu)); }
    __device__ void finish(size_t row, size_t group, size_t, int32_t most) const
    {
        cuda_row<float>(out, row)[group] = most > 0x7f800000 ? (float)NAN : dsgd_float_of((uint32_t)most);
    }
};

struct of_floats : sum_of_doubles {
    typedef float value;
    struct dsgd_array v, out;
    of_floats(const struct dsgd_array &v_, const struct dsgd_array &out_) : v(v_), out(out_) {}
    __device__ const float *row(size_t i) const { return cuda_row<const float>(v, i); }
    __device__ no_context begin(size_t, size_t) const { return {}; }
};

struct mean_abs_one : of_floats {
    using of_floats::of_floats;
    __device__ double add(double sum, float x, no_context) const { return sum + (double)dsgd_magnitude32(x); }
    __device__ void finish(size_t row, size_t group, size_t n, double sum) const
    {
        cuda_row<float>(out, row)[group] = n > 0 ? (float)(sum / (double)n) : 0.0f;
    }
};

struct norm_one : of_floats {
    using of_floats::of_floats;
    __device__ double add(double sum, float x, no_context) const { return sum + (double)x * (double)x; }
    __device__ void finish(size_t row, size_t group, size_t, double sum) const { cuda_row<double>(out, row)[group] = sqrt(sum); }
};

/* Two passes: the means, which stay where the results go, then the squares round them. */
struct mean_one : of_floats {
    using of_floats::of_floats;
    __device__ double add(double sum, float x, no_context) const { return sum + (double)x; }
    __device__ void finish(size_t row, size_t group, size_t n, double sum) const { cuda_row<double>(out, row)[group] = sum / (double)n; }
};
struct std_one : of_floats {
    using of_floats::of_floats;
    __device__ double begin(size_t row, size_t group) const { return cuda_row<const double>(out, row)[group]; }
    __device__ double add(double sum, float v_i, double mean) const
    {
        const double x = (double)v_i - mean;
        return sum + x * x;
    }
    __device__ void finish(size_t row, size_t group, size_t n, double sum) const { cuda_row<double>(out, row)[group] = sqrt(sum / (double)n); }
};

template <class O> static void reduce(const struct cuda_turn *t, const struct dsgd_groups *groups, const O &o)
{
    struct group_list g;
    if (group_list_of(t->device, groups, &g)) { sum_groups(t->device, t->rows, g, o); }
}

static void max_abs(const struct cuda_turn *t, const struct dsgd_groups *g, struct dsgd_array v, struct dsgd_array out) { reduce(t, g, max_abs_one{v, out}); }
static void mean_abs(const struct cuda_turn *t, const struct dsgd_groups *g, struct dsgd_array v, struct dsgd_array out) { reduce(t, g, mean_abs_one(v, out)); }
static void norm(const struct cuda_turn *t, const struct dsgd_groups *g, struct dsgd_array v, struct dsgd_array out) { reduce(t, g, norm_one(v, out)); }
static void standard_deviation(const struct cuda_turn *t, const struct dsgd_groups *g, struct dsgd_array v, struct dsgd_array out)
{
    reduce(t, g, mean_one(v, out));
    reduce(t, g, std_one(v, out));
}

/* ---- what is done with it ---- */

struct some_number { bool is; float bound; double factor; };

struct clip_one : map_of<float, float> {
    double factor;
    struct dsgd_array number;
    clip_one(struct dsgd_array v, struct dsgd_array out_, double factor_, struct dsgd_array number_)
        : map_of<float, float>{v, out_}, factor(factor_), number(number_)
    {
    }
    __device__ some_number unit(uint32_t row, size_t group) const
    {
        const double u = cuda_row<const double>(number, row)[group];
        return {u > 0.0, (float)(factor * u), 0.0};
    }
    __device__ float one(const some_number &u, float x, uint32_t) const { return u.is ? dsgd_one_clip(u.bound, x) : x; }
};
static void clip(const struct cuda_turn *t, const struct dsgd_groups *g, double factor, struct dsgd_array unit, struct dsgd_array v, struct dsgd_array out)
{
    map_groups(t, g, clip_one(v, out, factor, unit));
}

struct shorten_one : map_of<float, float> {
    double bound;
    struct dsgd_array norm;
    shorten_one(struct dsgd_array v, struct dsgd_array out_, double bound_, struct dsgd_array norm_)
        : map_of<float, float>{v, out_}, bound(bound_), norm(norm_)
    {
    }
    __device__ some_number unit(uint32_t row, size_t group) const
    {
        const double length = cuda_row<const double>(norm, row)[group];
        return {length > bound, 0.0f, length > bound ? bound / length : 1.0};
    }
    __device__ float one(const some_number &u, float x, uint32_t) const { return u.is ? dsgd_one_scale(u.factor, x) : x; }
};
static void shorten(const struct cuda_turn *t, const struct dsgd_groups *g, double bound, struct dsgd_array norms, struct dsgd_array v, struct dsgd_array out)
{
    map_groups(t, g, shorten_one(v, out, bound, norms));
}

struct units_one : map_of<int32_t, float> {
    float divisor;
    struct dsgd_array number;
    units_one(struct dsgd_array level, struct dsgd_array out_, float divisor_, struct dsgd_array number_)
        : map_of<int32_t, float>{level, out_}, divisor(divisor_), number(number_)
    {
    }
    __device__ float unit(uint32_t row, size_t group) const { return cuda_row<const float>(number, row)[group] / divisor; }
    __device__ float one(float unit, int32_t level, uint32_t) const { return (float)level * unit; }
};
static void units(const struct cuda_turn *t, const struct dsgd_groups *g, float divisor, struct dsgd_array unit, struct dsgd_array level, struct dsgd_array out)
{
    map_groups(t, g, units_one(level, out, divisor, unit));
}

/* 1 or -1 times the scale, so that a NaN keeps its own sign. */
struct signs_one : map_of<struct map_minus, float> {
    struct dsgd_array scale;
    signs_one(struct dsgd_array plane, struct dsgd_array out_, struct dsgd_array scale_) : map_of<struct map_minus, float>{plane, out_}, scale(scale_) {}
    __device__ float unit(uint32_t row, size_t group) const { return cuda_row<const float>(scale, row)[group]; }
    __device__ float one(float unit, struct map_minus x, uint32_t) const { return (x.minus ? -1.0f : 1.0f) * unit; }
};
static void signs(const struct cuda_turn *t, const struct dsgd_groups *g, struct dsgd_array scale, struct dsgd_array plane, struct dsgd_array out)
{
    map_groups(t, g, signs_one(plane, out, scale));
}

extern const struct cuda_group cuda_group_table;
const struct cuda_group cuda_group_table = {max_abs, mean_abs, norm, standard_deviation, clip, shorten, units, signs};
