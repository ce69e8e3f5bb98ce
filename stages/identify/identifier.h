/* identifier.h - which of a record's identifiers may tell who it is, and in what form.
 * An identifier that is invalid, blocked or mere evidence stays in the record as it came; it only does not come out of here. */
#ifndef IDENTIFY_IDENTIFIER_H
#define IDENTIFY_IDENTIFIER_H
#include "stage/stage.h"
#include "stages/identify/names.h"

enum identify_class { IDENTIFY_UNIQUE, IDENTIFY_STRONG, IDENTIFY_WEAK, IDENTIFY_EVIDENCE }; /* in order of priority */
enum identify_form { IDENTIFY_TEXT, IDENTIFY_EMAIL, IDENTIFY_PHONE, IDENTIFY_WHATSAPP };
struct identify_type {
    enum identify_class class;
    enum identify_form form;
    bool scoped;
};

/* Made at open, read-only afterwards. */
struct identify_rules {
    struct identify_names type_names;
    struct identify_type *types; /* by number of the name */
    struct identify_names blocked;
    struct cx_str *blocked_prefixes; /* of `blocked` entries that end with an asterisk */
    size_t blocked_prefix_count;
    int64_t min_length, min_distinct;
};
/* `types` and `blocked`: nodes of the config, or NULL. */
int identify_rules_open(struct identify_rules *rules, const struct cx_node *types, const struct cx_node *blocked, struct cx_arena *arena,
                        struct cx_error *err);

#define IDENTIFY_MOST 64 /* identifiers of one record that are looked at */
struct identify_identifier {
    enum identify_class class;
    struct cx_identifier what; /* normalised */
    struct cx_id key;          /* hash of tenant, type, scope and value */
};
/* Writes at most IDENTIFY_MOST usable identifiers, each once, sorted by class, type, scope and value; returns their number. */
size_t identify_usable(const struct identify_rules *rules, struct cx_arena *arena, const struct cx_interaction *record,
                       struct identify_identifier *out);
#endif
