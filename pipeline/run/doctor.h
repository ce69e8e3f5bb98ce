/* doctor.h - what must hold of a cluster and a machine for the promises to hold.
 *
 * A check is a row of cx_checks: its words are the documentation, its function looks at facts that were gathered before, so that it can be tried
 * without a cluster. */
#ifndef CX_RUN_DOCTOR_H
#define CX_RUN_DOCTOR_H
#include "kafka/cluster.h"
#include "run/topic_specs.h"

struct cx_machine {
    const char *librdkafka;        /* "2.0.2" */
    int64_t librdkafka_number;     /* 0x020002ff */
    const char *state_dir_trouble; /* why state_dir cannot be written; NULL: it can */
    int64_t free_bytes;            /* where state_dir is; -1: not known */
    int64_t open_files;            /* limit; -1: none */
};
struct cx_facts {
    struct cx_settings *settings;
    struct cx_topic_specs specs;
    struct cx_cluster cluster; /* its topics are those of specs, in the same order */
    struct cx_machine machine;
};
struct cx_diagnosis {
    const struct cx_check *check;
    bool is_advice; /* runs as promised, but better otherwise: no reason for exit 1 */
    const char *where, *what, *cure;
};
#define CX_DIAGNOSES_MAX 1024
struct cx_diagnoses {
    struct cx_arena *arena;
    struct cx_diagnosis rows[CX_DIAGNOSES_MAX];
    size_t len;
};
struct cx_check {
    const char *name; /* [a-z_]+ */
    const char *what; /* what must hold */
    const char *why;  /* what happens where it does not */
    const char *cure; /* how to mend it, in general; a finding says it for its own place */
    void (*look)(const struct cx_check *self, const struct cx_facts *facts, struct cx_diagnoses *out);
};
extern const struct cx_check cx_checks[]; /* ends with a zero row */
const struct cx_check *cx_check_find(const char *name);
#endif
