/* lexicon.h - what the lexicons say, read once and shared.
 *
 * A lexicon is a YAML file (the format stands in README.md): entries, each a set of phrases and what it says of a text in which one of them stands.
 * All phrases of all lexicons are one matcher; a match's id is the number of its entry. */
#ifndef CX_STAGES_CLASSIFY_LEXICON_H
#define CX_STAGES_CLASSIFY_LEXICON_H
#include "config/config.h"
#include "stages/classify/labels.h"
#include "text/text.h"

/* A statement about one label. */
struct classify_says {
    uint8_t label;
    float score; /* 0..1 */
};
struct classify_says_list {
    struct classify_says *items;
    size_t len;
};

/* Kinds of entry: what its matches mean. */
enum classify_kind {
    CLASSIFY_EVIDENCE,
    CLASSIFY_NEGATES_BEFORE, /* turns what follows it into its opposite */
    CLASSIFY_NEGATES_AFTER,  /* turns what stands before it */
};

/* An entry says nothing where all its numbers are unset. */
struct classify_entry {
    enum classify_kind kind;
    struct cx_str name;     /* "tr/refund" */
    struct cx_str language; /* of its lexicon; null: any */
    struct classify_says_list intents, functions;
    const struct cx_str *topics;
    size_t topic_count;
    struct cx_str reason; /* null: none */
    bool has_sentiment;
    float sentiment;         /* -1..1; 0 says neutral */
    float urgency, toxicity; /* 0..1; 0: says nothing */
    bool needs_match;        /* one of its phrases must be there */
    const uint32_t *when;    /* entries that must all be there */
    size_t when_count;
    const uint32_t *unless; /* entries none of which may be there */
    size_t unless_count;
    bool is_silent; /* says nothing: only there for when and unless of others */
};

/* What an intent says beside its name. */
struct classify_meaning {
    struct classify_says_list functions;
    bool has_sentiment;
    float sentiment, urgency;
};

struct classify_lexicons {
    struct classify_entry *entries; /* in an order where `when` and `unless` name only earlier ones */
    size_t count;
    uint64_t *unmatched; /* bit by number: entries that need no match */
    size_t unmatched_count;
    size_t most_topics; /* of one entry */
    struct classify_meaning meanings[CLASSIFY_INTENT_COUNT];
    struct cx_matcher *matcher; /* freed by classify_lexicons_close */
    struct cx_str version;
};

/* Lexicons as they are read: files in order, later ones adding to and replacing what earlier ones of the same name said. */
struct classify_reader;
struct classify_reader *classify_reader_new(struct cx_arena *arena);
/* `file` is what messages call it; `is_own`: compiled in. Errors have the form file:line:col. */
int classify_reader_add(struct classify_reader *reader, const char *file, struct cx_str yaml, bool is_own, struct cx_error *err);
/* Compiles. Everything but the matcher lives in the reader's arena. */
int classify_reader_end(struct classify_reader *reader, struct classify_lexicons *lexicons, struct cx_error *err);
void classify_lexicons_close(struct classify_lexicons *lexicons);
#endif
