/* chain_internal.h - what chain.c, chain_open.c and dead_letter.c share. */
#ifndef CX_RUN_CHAIN_INTERNAL_H
#define CX_RUN_CHAIN_INTERNAL_H
#include "run/chain.h"

#define CX_CHAIN_MAX 8  /* stages in a chain */
#define CX_PORTS_MAX 16 /* outputs of a stage */

struct cx_file_state { /* enough to see that a file is another one, or has other content */
    int64_t device, inode, size, changed_ns;
};
struct cx_file { /* of the operator's, which a stage has read */
    const char *path;
    struct cx_file_state used, seen; /* when it was read, or refused; and at the last look */
    struct cx_id content;
    struct cx_file *next;
};
struct cx_loaded { /* a stage's read-only part, opened; everything is in the arena */
    struct cx_arena *arena;
    void *self;
    struct cx_file *files, **last;
};
struct cx_link { /* a stage in its place in the chain */
    const struct cx_stage *stage;
    void *config;
    struct cx_loaded loaded;
    const struct cx_topic *ports[CX_PORTS_MAX]; /* NULL beyond the last */
    bool json[CX_PORTS_MAX];
    bool writes_main; /* the last stage, and those whose main topic is kept */
    const struct cx_topic *dead_letters;
};
struct cx_placed { /* a tenant that the operator pinned to a partition */
    struct cx_str tenant;
    int32_t partition;
};
struct cx_chain {
    char name[128];
    struct cx_arena *arena;
    const struct cx_node *root;
    struct cx_link links[CX_CHAIN_MAX];
    size_t count;
    bool prints;       /* the main record is handed out although no topic takes it */
    size_t first;      /* 1 where link 0 is only the reader of a pipe's lines */
    int first_section; /* sections from here on belong to this chain; what an input claims to have there is discarded */
    int64_t max_message;
    struct cx_placed *placed; /* sorted by tenant */
    size_t placed_count;
};

struct cx_pending { /* an output held back until its item is settled; offsets, because the buffer may move */
    size_t key_at, key_len, value_at, value_len;
    bool has_key, has_value;
    const struct cx_topic *topic;
    const char *stage;
    bool is_main;
    struct cx_str tenant;
    const struct cx_header *headers;
    size_t header_count;
};
struct cx_task {
    struct cx_chain *chain;
    int32_t partition;
    struct cx_state *states[CX_CHAIN_MAX];
    struct cx_arena *arena;
    struct cx_buf bytes;
    struct cx_pending *pending;
    size_t pending_count, pending_cap;
    /* the message and item at hand */
    const struct cx_message *message;
    struct cx_item item;
    struct cx_spliceable splice;
    const struct cx_sink *sink;
    size_t at;                      /* index of the link at work */
    bool too_large;                 /* an output of the stage at work is over the limit */
    size_t encoded_at, encoded_len; /* the item's own record, encoded after the stage at work; len 0: not yet */
};

/* reload.c: opens the link's stage into *loaded; after a failure nothing is left of it. */
int cx_link_load(const struct cx_link *link, const struct cx_node *root, struct cx_loaded *loaded, struct cx_error *err);
void cx_link_unload(const struct cx_link *link, struct cx_loaded *loaded);
/* placement.c: reads and checks the `placement` map. */
int cx_placement_read(struct cx_chain *chain, const struct cx_node *root, struct cx_error *err);
/* A new output at the end of those held back, zeroed. */
struct cx_pending *cx_task_add_pending(struct cx_task *task);
struct cx_str cx_task_add_bytes(struct cx_task *task, struct cx_str bytes, size_t *at);
/* Appends a dead letter for the item at hand, as stage `at` received it (invariant 11). */
void cx_dead_letter(struct cx_task *task, size_t at, const struct cx_reason *reason, struct cx_str detail);
/* The item's record as the link before `at` would have written it: header, bytes before its sections verbatim. Appends to task->bytes. */
void cx_task_encode(struct cx_task *task);
/* The key a topic wants: UCID hex or tenant. Appends to task->bytes and gives the range. */
void cx_task_key(struct cx_task *task, const struct cx_topic *topic, size_t *at, size_t *len);
/* Sections from `from_section` on become null. */
void cx_record_discard(struct cx_interaction *record, int from_section);
/* A line of a pipe may bring the sections of the stages before the chain, or be a whole record of ours: *record becomes that. */
void cx_line_adopt_sections(struct cx_arena *arena, struct cx_str line, struct cx_interaction **record, int before_section);
#endif
