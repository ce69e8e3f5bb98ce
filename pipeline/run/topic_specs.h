/* topic_specs.h - the topics of a deployment as they should be: rows of topics.def, `inputs` and ledgers of the chains, with their settings. */
#ifndef CX_RUN_TOPIC_SPECS_H
#define CX_RUN_TOPIC_SPECS_H
#include "run/settings.h"
#include "run/topics.h"

struct cx_stage;
struct cx_topic_specs {
    struct cx_topic_spec *items;
    const struct cx_topic **rows; /* of each item */
    size_t len;
};
/* chains: "normalize-classify,dedup-identify". replication: -1, the broker's default. In the settings' arena. */
int cx_topic_specs_make(const struct cx_settings *settings, const char *chains, int16_t replication, struct cx_topic_specs *out,
                        struct cx_error *err);
/* The value a spec wants for a property, NULL where it wants none. */
const char *cx_topic_spec_value(const struct cx_topic_spec *spec, const char *name);
/* What a stage's changelog must be kept for (invariant 4): its `window` and as long as its input holds records; -1: for ever. `input_ms`: the
 * retention of its input, -1: for ever. */
int cx_changelog_retention(const struct cx_settings *settings, const struct cx_topic *changelog, int64_t input_ms, int64_t *ms, struct cx_error *err);
/* The stage that keeps its state in this topic; NULL: none does. */
const struct cx_stage *cx_changelog_stage(const struct cx_topic *topic);
#endif
