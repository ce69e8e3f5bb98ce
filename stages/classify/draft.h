/* draft.h - lexicons while they are read: what lexicon_read.c fills and lexicon.c compiles. */
#ifndef CX_STAGES_CLASSIFY_DRAFT_H
#define CX_STAGES_CLASSIFY_DRAFT_H
#include "stages/classify/lexicon.h"

struct draft_pattern {
    struct cx_pattern pattern; /* text as written */
    const struct cx_node *at;
    struct draft_pattern *next;
};
/* A name in when or unless, resolved once all entries are known. */
struct draft_entry {
    struct classify_entry says;
    struct cx_str lexicon, id;
    struct draft_pattern *patterns;
    const struct cx_node *at, *when, *unless;
    bool is_arabic, is_off;
    int mark; /* while ordering: 0 not seen, 1 being placed, 2 placed */
    uint32_t number;
    struct draft_entry *next;
};
struct classify_reader {
    struct cx_arena *arena;
    struct draft_entry *first, **last;
    struct classify_meaning meanings[CLASSIFY_INTENT_COUNT];
    struct cx_str own_version, added_versions;
};

struct draft_entry *classify_draft_find(const struct classify_reader *reader, struct cx_str lexicon, struct cx_str id);
#endif
