/* sample.h - an endless stream of realistic raw payloads, for the demo, tests and bench.
 *
 * Same seed, start, rate and tenants: same bytes, on every machine. Payload n is a function of (plan, n) alone: nothing is remembered, so a
 * billion cost no more memory than one, and an edit, a reply or a repeat finds what it answers by describing it anew.
 *
 * Mix: five languages (tr es ar ru en), some twenty channels; canonical JSON, and Instagram, WhatsApp and e-mail as their platforms send
 * them, in the envelope form {"adapter","tenant","brand","received_at","own_ids","payload"|"body"}, so that one raw topic holds everything.
 * About 10 % repeats, 3 % edits, 1 % deletes, 9 % answers of the company, 2 % what is no event (reactions, receipts), 1 % bad records.
 * Who writes is skewed: of 200,000 people few write much and most once; every one is on several channels and shows there what that
 * channel shows: an e-mail address here, a phone number there, both in an order. Times follow a day curve; some records come late.
 *
 * The journey of one named customer per language is told in the first three days of every stream: comment, direct message, chat,
 * e-mail, order, review. Find them by cx_sample_customers.
 *
 * The canonical sample of the demo is seed 1, 2,000 payloads a day, 6,000 payloads: three days. */
#ifndef CX_RUN_SAMPLE_H
#define CX_RUN_SAMPLE_H
#include "base/arena.h"

#define CX_SAMPLE_PER_DAY     2000
#define CX_SAMPLE_PER_DAY_MAX 1000000000
#define CX_SAMPLE_DAYS        3
#define CX_SAMPLE_COUNT       6000

enum cx_sample_kind {
    CX_SAMPLE_NEW,   /* one event or more: a comment, message, review, order, ... */
    CX_SAMPLE_STORY, /* a step of a named customer's journey */
    CX_SAMPLE_EDIT,
    CX_SAMPLE_DELETE,
    CX_SAMPLE_ANSWER,  /* by the company */
    CX_SAMPLE_REPEAT,  /* an earlier payload again; bytes differ in received_at at most */
    CX_SAMPLE_IGNORED, /* no event: a reaction or a receipt */
    CX_SAMPLE_BAD,     /* must end as a dead letter */
    CX_SAMPLE_KINDS
};

struct cx_sample_payload {
    struct cx_str key;   /* the tenant; null for a bad record that has none */
    struct cx_str value; /* JSON, but for some bad ones */
    const char *adapter; /* "canonical", "instagram", "whatsapp", "email" */
    enum cx_sample_kind kind;
};

struct cx_sample;
/* Payload n arrives at about start_ms + n / per_day days. tenants: names separated by commas, or NULL for the three of the corpus. */
struct cx_sample *cx_sample_new(uint64_t seed, int64_t start_ms, int64_t per_day, const char *tenants);
void cx_sample_free(struct cx_sample *sample); /* takes NULL */
/* The next payload; key and value live in the arena. */
void cx_sample_next(struct cx_sample *sample, struct cx_arena *arena, struct cx_sample_payload *out);

/* The customers of the journeys; the identifiers are shown by some of their records each, and together by the order. Ends with a zero row. */
struct cx_sample_customer {
    const char *language, *name, *email, *phone;
};
extern const struct cx_sample_customer cx_sample_customers[];
#endif
