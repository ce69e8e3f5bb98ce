/* normalize.h - what the files of this stage share: why an item does not go on, and what is known of it besides its body.
 *
 * A payload comes in, split.c takes it apart into parts, a part becomes a record in canonical.c (the record's own names) or event.c (an adapter),
 * and finish.c holds every record to the rules that do not depend on where it came from. */
#ifndef NORMALIZE_H
#define NORMALIZE_H
#include "stage/stage.h"

/* X(symbol, name, verdict, sentence for operators) */
#define NORMALIZE_REASONS(X)                                                                                                                         \
    X(INVALID_JSON, "invalid_json", CX_REJECT, "The payload is not JSON; see that the producer sends whole UTF-8 JSON documents.")                   \
    X(INVALID_UTF8, "invalid_utf8", CX_REJECT, "The payload holds bytes that are not UTF-8; re-encode it at the producer.")                          \
    X(TOO_DEEP, "too_deep", CX_REJECT, "The payload nests deeper than 64 levels (mail: 16 multiparts).")                                             \
    X(TOO_LARGE, "too_large", CX_REJECT, "The payload is larger than normalize.max_payload or holds more than normalize.max_items items.")           \
    X(DUPLICATE_KEY, "duplicate_key", CX_REJECT, "An object names a member twice, so its meaning is open; repair the producer.")                     \
    X(WRONG_TYPE, "wrong_type", CX_REJECT, "A member has another type than its field; the detail names it.")                                         \
    X(MISSING_FIELD, "missing_field", CX_REJECT, "A required member is missing or empty; the detail names it.")                                      \
    X(BAD_VALUE, "bad_value", CX_REJECT, "A member has a value its field does not know; the detail names it.")                                       \
    X(BAD_TIME, "bad_time", CX_REJECT, "A time cannot be read; RFC 3339 with an offset or epoch milliseconds are, adapters know their own forms.")   \
    X(TIME_OUT_OF_RANGE, "time_out_of_range", CX_REJECT, "occurred_at lies before 2005 or over a day after receipt; often seconds for ms.")          \
    X(BAD_CHANNEL, "bad_channel", CX_REJECT, "channel is not of the form [a-z0-9_]{1,32}.")                                                          \
    X(UNKNOWN_ADAPTER, "unknown_adapter", CX_REJECT, "No adapter has that name; see schemas/channels and the input's row.")                          \
    X(NO_TENANT, "no_tenant", CX_REJECT, "Nothing says whose record this is; set tenant in the payload or in the input's row.")                      \
    X(TENANT_MISMATCH, "tenant_mismatch", CX_REJECT, "The payload names another tenant than the input's row: a producer writes to a wrong topic.")   \
    X(UNKNOWN_OBJECT, "unknown_object", CX_REJECT, "The adapter does not know this kind of payload, object or event type.")                          \
    X(BAD_MAIL, "bad_mail", CX_REJECT, "The payload is not a mail of RFC 5322, or breaks its limits.")                                               \
    X(BAD_AVRO, "bad_avro", CX_REJECT, "The payload has a registry header but is no Interaction that we can read.")                                  \
    X(IGNORED_REACTION, "ignored_reaction", CX_DROP, "A reaction or like: no event.")                                                                \
    X(IGNORED_RECEIPT, "ignored_receipt", CX_DROP, "A read or delivery receipt: no event.")                                                          \
    X(IGNORED_STATUS, "ignored_status", CX_DROP, "The status of a message we sent: no event.")                                                       \
    X(IGNORED_PARTIAL, "ignored_partial", CX_DROP, "A part of an utterance or a draft: the whole will come.")                                        \
    X(IGNORED_MEMBERSHIP, "ignored_membership", CX_DROP, "Someone joined or left: no event.")                                                        \
    X(IGNORED_SYSTEM, "ignored_system", CX_DROP, "The platform speaks of itself (set-up, hand-over, account changes): no event.")                    \
    X(IGNORED_POINTER, "ignored_pointer", CX_DROP, "The payload only says that there is something to fetch.")                                        \
    X(IGNORED_STUB, "ignored_stub", CX_DROP, "A placeholder for more that was not sent.")                                                            \
    X(IGNORED_EMPTY, "ignored_empty", CX_DROP, "A record or a batch without anything in it.")

enum normalize_reason {
#define X(symbol, name, verdict, doc) NORMALIZE_##symbol,
    NORMALIZE_REASONS(X)
#undef X
        NORMALIZE_REASON_COUNT
};

/* Why an item is settled here; reason CX_PASSED: it is not. */
struct normalize_fault {
    int reason;
    struct cx_str detail; /* no payload in it; arena or static */
};
static inline struct normalize_fault normalize_fault(enum normalize_reason reason, struct cx_str detail)
{
    return (struct normalize_fault){ reason, detail };
}
static inline struct normalize_fault normalize_no_fault(void)
{
    return (struct normalize_fault){ CX_PASSED, CX_STR_NULL };
}
/* Fills *fault and returns false, so that `return normalize_fail(...)` reads well. */
static inline bool normalize_fail(struct normalize_fault *fault, enum normalize_reason reason, struct cx_str detail)
{
    *fault = normalize_fault(reason, detail);
    return false;
}

/* A row of `inputs:` in cx.yaml: what is known of everything on a topic. */
struct normalize_input {
    struct cx_str topic;
    struct cx_str adapter;         /* null: payloads say it themselves, or are canonical */
    struct cx_str tenant, brand;   /* null: payloads say it */
    struct cx_str default_country; /* of national phone numbers; null: unknown */
    const struct cx_json *own_ids; /* a list: accounts of the company on the platform; NULL: none */
    int64_t generation;
    bool trust_headers, backfill;
};

/* What is known of a payload besides its body. */
struct normalize_receipt {
    const struct cx_message *message;
    const struct normalize_input *input;               /* never NULL */
    struct cx_str tenant, brand;                       /* as the envelope or the headers say; null: not said there */
    struct cx_str country;                             /* default country of phone numbers: the envelope's context, else the row; null: unknown */
    struct cx_opt_i64 received_at;                     /* said by the envelope */
    struct cx_opt_i64 ingested_at;                     /* given, honoured in a pipe only */
    const struct cx_source *source;                    /* the same; NULL: not given */
    const struct cx_json *own_ids, *headers, *context; /* of the envelope, or NULL */
    bool is_from_headers;                              /* tenant was named by a trusted header, which outranks the row */
    bool backfill;
};

struct normalize_adapter;
struct normalize_event;
enum {
    NORMALIZE_LISTS_MAX = 12, /* names of lists that an adapter may walk */
    NORMALIZE_SLOTS = 256,    /* of the table that finds canonical fields by name */
};

/* What split leaves for an item. */
struct normalize_part {
    const struct normalize_receipt *receipt;
    struct normalize_fault fault;                     /* settles the item when not CX_PASSED */
    const struct normalize_adapter *adapter;          /* NULL: canonical */
    const struct normalize_event *event;              /* what the adapter takes it for */
    const struct cx_json *item;                       /* the canonical object, or the adapter's element; NULL: an Avro record */
    const struct cx_json *payload;                    /* the whole, for an adapter */
    const struct cx_json *lists[NORMALIZE_LISTS_MAX]; /* the elements of the lists it stands in, by the adapter's slots */
};

struct normalize_config {
    int64_t max_payload, max_items;
    const struct cx_node *adapters;
};
struct normalize_self {
    int64_t max_payload, max_items;
    uint8_t canonical_slots[NORMALIZE_SLOTS];
    const struct normalize_input *inputs; /* [0] stands for topics without a row */
    size_t input_count;
    const struct normalize_adapter *adapters; /* sorted by name */
    size_t adapter_count;
    const struct normalize_channel *channels; /* rows of all adapters, by name */
    size_t channel_count;
};
#endif
