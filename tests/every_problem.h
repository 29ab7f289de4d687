/* every_problem.h - a test that goes through a list of problems sees every problem of the registry: a new one without a case fails. */
#ifndef DSGD_TESTS_EVERY_PROBLEM_H
#define DSGD_TESTS_EVERY_PROBLEM_H

#include "tests/check.h"

#include <stdbool.h>
#include <string.h>

#include "convex/registry.h"

/* A problem that a test does not go through, and why. A list of them ends with {NULL, NULL}. */
struct left_out {
    const char *name, *reason;
};

/* Deep problems are left out of what is about convex ones; a build without oneDNN has none. */
#define DEEP_LEFT_OUT(reason) {"mlp", reason}, {"lenet", reason}, {"resnet9", reason}, {"transformer", reason}, {"lstm", reason}

static inline bool is_lacking(const char *name)
{
    return dsgd_problems_lacking() && strstr(dsgd_problems_lacking(), name);
}

/* The first problem of the registry that is neither seen nor left out; NULL: there is none. */
static inline const char *unseen_problem(bool (*seen)(const struct dsgd_problem_ops *problem), const struct left_out *left_out)
{
    const struct dsgd_problem_ops *problem;
    for (size_t i = 0; (problem = dsgd_problem_at(i)) != NULL; ++i) {
        const struct left_out *l = left_out;
        while (l->name && strcmp(l->name, problem->name) != 0) { ++l; }
        if (!l->name && !seen(problem)) { return problem->name; }
    }
    return NULL;
}

/* Fails with a sentence that names the problem and `list`, where its case belongs. */
static inline void every_problem_is_seen(const char *list, bool (*seen)(const struct dsgd_problem_ops *problem), const struct left_out *left_out)
{
    for (const struct left_out *l = left_out; l->name; ++l) {
        if ((!dsgd_problem_find(l->name) && !is_lacking(l->name)) || !*l->reason) { fail_msg("%s: %s is left out, expected a problem and a reason", list, l->name); }
    }
    const char *name = unseen_problem(seen, left_out);
    if (name) { fail_msg("problem %s of the registry has no case: expected one in %s", name, list); }
    struct dsgd_problem_ops planted = *dsgd_problem_find("quadratic"); /* one that nobody listed is found */
    planted.name = "planted";
    assert_int_equal(dsgd_problem_register(&planted), DSGD_OK);
    name = unseen_problem(seen, left_out);
    dsgd_problem_take_back(&planted);
    assert_true(name && strcmp(name, "planted") == 0);
}

#endif
