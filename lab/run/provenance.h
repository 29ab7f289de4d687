/* provenance.h - where a result comes from: the root attributes of its file. */
#ifndef DSGD_LAB_RUN_PROVENANCE_H
#define DSGD_LAB_RUN_PROVENANCE_H

#include "lab/run/session.h"

enum { PROVENANCE_MAX = 48 };

struct provenance {
    struct dsgd_attribute attribute[PROVENANCE_MAX];
    int attributes;
    char *argv, *environment;
    char created[32], host[128], os[256], cpu[128], hdf5[32];
};

/** Collects configuration, seeds, versions, host and time. Borrows from spec and session, which outlive it. */
enum dsgd_status dsgd_provenance_collect(const struct dsgd_session *session, int argc, char **argv, struct provenance *out);
void dsgd_provenance_clear(struct provenance *provenance);

#endif
