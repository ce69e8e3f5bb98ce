/* verb.h - the command line: a table of verbs, each with its table of flags. */
#ifndef CX_RUN_VERB_H
#define CX_RUN_VERB_H
#include "base/error.h"

struct cx_flag {          /* ends with a zero row */
    const char *name;     /* "batch": written --batch */
    char letter;          /* 'c', or 0 */
    const char *argument; /* "N"; NULL: a switch */
    const char *doc;
};
#define CX_OPERANDS_MAX 64
struct cx_args { /* what was typed, flags before or after operands */
    const char *operands[CX_OPERANDS_MAX + 1];
    size_t operand_count;
    const char *values[32]; /* by row of the verb's flags; a switch that was given has "" */
    const char *sets[65];   /* every --set */
};
struct cx_verb {
    const char *name, *synopsis, *doc; /* synopsis: what follows the name; doc: one sentence */
    const char *examples;              /* lines, each "cx …" */
    const struct cx_flag *flags;
    size_t operands;                                              /* at most so many */
    int (*run)(const struct cx_args *args, struct cx_error *err); /* exit status; with err->text set on failure */
};
/* Flags every verb that reads a configuration has; put them first in its table. */
#define CX_CONFIG_FLAGS                                                                                                                              \
    { "config", 'c', "FILE", "Configuration; $CX_CONFIG, else defaults." },                                                                          \
    {                                                                                                                                                \
        "set", 0, "A.B=C", "Overrides one option; may be given often."                                                                               \
    }
enum { CX_FLAG_CONFIG, CX_FLAG_SET, CX_FLAG_FIRST };

struct cx_settings;
struct cx_stage;
/* Operands as stages; at most CX_OPERANDS_MAX. */
int cx_find_stages(const struct cx_args *args, const struct cx_stage **stages, size_t *count, struct cx_error *err);
/* Loads settings by the config flags. */
int cx_args_settings(const struct cx_args *args, struct cx_settings *settings, struct cx_error *err);
static inline bool cx_args_has(const struct cx_args *args, int flag)
{
    return args->values[flag] != NULL;
}
/* A flag's number, or the fallback when it was not given. */
int cx_args_i64(const struct cx_args *args, int flag, int64_t fallback, int64_t min, int64_t max, int64_t *out, struct cx_error *err);

/* Where a sample begins when nobody says: three days before today, 00:00 UTC. */
int64_t cx_sample_default_start(void);
/* And how many payloads a day it then has: so many that n of them end before today, since normalize rejects what lies in the future; at least 2000.
 */
int64_t cx_sample_default_per_day(int64_t n);

extern const struct cx_verb cx_verb_run, cx_verb_pipe, cx_verb_lint, cx_verb_topics, cx_verb_produce, cx_verb_tap, cx_verb_audit, cx_verb_trace,
    cx_verb_demo, cx_verb_create, cx_verb_label, cx_verb_train, cx_verb_eval, cx_verb_explain, cx_verb_doctor, cx_verb_version;
#endif
