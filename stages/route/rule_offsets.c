#include "stages/route/rule_offsets.h"
#include "codec/codec.h"

/* The storage is derived from the C field, so that a schema and a table that disagree are noticed when the stage opens. */
#define STORAGE(c, field)                                                                                                                            \
    _Generic(((struct cx_##c *)0)->field,                                                                                                            \
        bool: ROUTE_STORED_BOOL,                                                                                                                     \
        int32_t: ROUTE_STORED_I32,                                                                                                                   \
        int64_t: ROUTE_STORED_I64,                                                                                                                   \
        float: ROUTE_STORED_F32,                                                                                                                     \
        double: ROUTE_STORED_F64,                                                                                                                    \
        struct cx_str: ROUTE_STORED_STR,                                                                                                             \
        struct cx_id: ROUTE_STORED_ID,                                                                                                               \
        const struct cx_id *: ROUTE_STORED_ID_POINTER,                                                                                               \
        struct cx_opt_bool: ROUTE_STORED_OPT_BOOL,                                                                                                   \
        struct cx_opt_i64: ROUTE_STORED_OPT_I64,                                                                                                     \
        struct cx_opt_f64: ROUTE_STORED_OPT_F64,                                                                                                     \
        struct cx_str_map: ROUTE_STORED_MAP,                                                                                                         \
        default: ROUTE_STORED_ENUM)
#define FIELD(name, c, field)                                                                                                                        \
    {                                                                                                                                                \
#name, #field, offsetof(struct cx_##c, field), STORAGE(c, field)                                                                             \
    }

const struct route_offset route_offsets[] = {
    FIELD(Interaction, interaction, event_id),
    FIELD(Interaction, interaction, tenant),
    FIELD(Interaction, interaction, brand),
    FIELD(Interaction, interaction, channel),
    FIELD(Interaction, interaction, kind),
    FIELD(Interaction, interaction, op),
    FIELD(Interaction, interaction, direction),
    FIELD(Interaction, interaction, occurred_at),
    FIELD(Interaction, interaction, occurred_at_known),
    FIELD(Interaction, interaction, ingested_at),
    FIELD(Interaction, interaction, backfill),
    FIELD(Interaction, interaction, source),
    FIELD(Interaction, interaction, adapter),
    FIELD(Interaction, interaction, adapter_version),
    FIELD(Interaction, interaction, native_id),
    FIELD(Interaction, interaction, parent_id),
    FIELD(Interaction, interaction, conversation_id),
    FIELD(Interaction, interaction, supersedes),
    FIELD(Interaction, interaction, url),
    FIELD(Interaction, interaction, author),
    FIELD(Interaction, interaction, identifiers),
    FIELD(Interaction, interaction, title),
    FIELD(Interaction, interaction, text),
    FIELD(Interaction, interaction, rating),
    FIELD(Interaction, interaction, media),
    FIELD(Interaction, interaction, reach),
    FIELD(Interaction, interaction, attributes),
    FIELD(Interaction, interaction, classification),
    FIELD(Interaction, interaction, duplicate),
    FIELD(Interaction, interaction, identity),
    FIELD(Interaction, interaction, context),

    FIELD(Source, source, topic),
    FIELD(Source, source, partition),
    FIELD(Source, source, offset),
    FIELD(Source, source, index),
    FIELD(Source, source, generation),

    FIELD(Author, author, native_id),
    FIELD(Author, author, handle),
    FIELD(Author, author, name),
    FIELD(Author, author, followers),
    FIELD(Author, author, verified),
    FIELD(Author, author, actor),

    FIELD(Identifier, identifier, type),
    FIELD(Identifier, identifier, value),
    FIELD(Identifier, identifier, scope),

    FIELD(Rating, rating, value),
    FIELD(Rating, rating, scale),

    FIELD(Media, media, type),
    FIELD(Media, media, url),
    FIELD(Media, media, native_id),

    FIELD(Reach, reach, likes),
    FIELD(Reach, reach, replies),
    FIELD(Reach, reach, shares),
    FIELD(Reach, reach, views),

    FIELD(Classification, classification, language),
    FIELD(Classification, classification, language_confidence),
    FIELD(Classification, classification, sentiment),
    FIELD(Classification, classification, sentiment_score),
    FIELD(Classification, classification, intents),
    FIELD(Classification, classification, functions),
    FIELD(Classification, classification, topics),
    FIELD(Classification, classification, reason),
    FIELD(Classification, classification, urgency),
    FIELD(Classification, classification, urgency_score),
    FIELD(Classification, classification, toxicity),
    FIELD(Classification, classification, relevance),
    FIELD(Classification, classification, five_c),
    FIELD(Classification, classification, pii),
    FIELD(Classification, classification, lexicon_hits),
    FIELD(Classification, classification, model),
    FIELD(Classification, classification, lexicons),

    FIELD(Label, label, name),
    FIELD(Label, label, score),

    FIELD(PiiSpan, pii_span, kind),
    FIELD(PiiSpan, pii_span, start),
    FIELD(PiiSpan, pii_span, length),

    FIELD(Duplicate, duplicate, cluster_id),
    FIELD(Duplicate, duplicate, cluster_size),
    FIELD(Duplicate, duplicate, similarity),
    FIELD(Duplicate, duplicate, edit_of),

    FIELD(Identity, identity, ucid),
    FIELD(Identity, identity, is_new),
    FIELD(Identity, identity, matched),
    FIELD(Identity, identity, epoch),

    FIELD(Context, context, customer_since),
    { 0 },
};

#define SIZE(name, c)                                                                                                                                \
    {                                                                                                                                                \
#name, sizeof(struct cx_##c)                                                                                                                 \
    }

const struct route_size route_sizes[] = {
    SIZE(Identifier, identifier), SIZE(Media, media), SIZE(Label, label), SIZE(PiiSpan, pii_span), { 0 },
};
