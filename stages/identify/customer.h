/* customer.h - the graph of identifiers and customers, as rows of state.
 *
 * An identifier's row names a customer; a customer's row names the customer that stands for it now, itself at first. A merge rewrites the rows of the
 * customers that are joined, never those of their identifiers, and every row points straight at the one that stands: any identifier is resolved in
 * three look-ups however often its customer was merged. */
#ifndef IDENTIFY_CUSTOMER_H
#define IDENTIFY_CUSTOMER_H
#include "stage/stage.h"

enum { IDENTIFY_TIME, IDENTIFY_IDENTIFIERS, IDENTIFY_CUSTOMERS, IDENTIFY_ALIASES };

/* IDENTIFY_IDENTIFIERS: key of an identifier -> struct cx_id, the customer it was linked to first. */
/* IDENTIFY_CUSTOMERS: UCID -> */
struct identify_row {
    int64_t created_ms;   /* record time */
    int64_t epoch;        /* raised with every merge; of the one that stands */
    struct cx_id stands;  /* UCID that stands for this one */
    uint32_t identifiers; /* linked to it and to all it stands for */
    uint32_t aliases;     /* UCIDs it stands for besides its own */
};
/* IDENTIFY_ALIASES: UCID that stands -> the others it stands for, 16 bytes each, in order of merging. */

struct identify_customer {
    struct cx_id ucid; /* one that stands */
    struct identify_row row;
};
/* The customer an identifier was linked to first, whose row is asked for; NULL: it is nobody's. */
const struct cx_id *identify_first(const struct cx_state *state, const struct cx_id *identifier);
/* The customer that stands for one ever issued. */
struct identify_customer identify_standing(const struct cx_state *state, const struct cx_id *ucid);
/* A new customer, made by this record and as old as its ingested_at (ticks, which a replay may place otherwise, have no say); written with its first
 * identifier. */
struct identify_customer identify_create(struct cx_state *state, const struct cx_interaction *record);
/* Links an identifier that is nobody's; the customer is to be written after its last. */
void identify_link(struct cx_state *state, struct identify_customer *customer, const struct cx_id *identifier);
void identify_write(struct cx_state *state, const struct identify_customer *customer);
/* Which of two is older, by creation, then by the bytes of their ids; <0: a. */
int identify_age(const struct identify_customer *a, const struct identify_customer *b);
/* `into` stands for `other` and all its aliases from now on. Hands back those UCIDs, other's own first; they live in the arena. */
const struct cx_id *identify_merge(struct cx_state *state, struct cx_arena *arena, struct identify_customer *into,
                                   const struct identify_customer *other, size_t *count);
#endif
