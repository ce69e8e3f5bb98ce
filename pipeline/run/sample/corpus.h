/* corpus.h - what the sample is made of: channels, texts, words and journeys, read from deploy/sample (compiled in). */
#ifndef CX_SAMPLE_CORPUS_H
#define CX_SAMPLE_CORPUS_H
#include "base/arena.h"

/* CX_SAMPLE_CHANNEL(symbol, name, kind, adapter, share of new things in a thousand, second pool of texts, always shown, sometimes shown, traits)
 * A channel's own pool of texts has its name. What its records show of the author and what it can do is a sum of the letters below. */
#define CX_SAMPLE_CHANNELS_TABLE(CX_SAMPLE_CHANNEL)                                                                                                  \
    CX_SAMPLE_CHANNEL(X, "x", "post", "canonical", 150, NULL, ACCOUNT | HANDLE, 0, EDITS | DELETES | ANSWERS | REACH)                                \
    CX_SAMPLE_CHANNEL(X_DM, "x_dm", "message", "canonical", 25, "messenger", ACCOUNT | HANDLE, EMAIL | PHONE, ANSWERS)                               \
    CX_SAMPLE_CHANNEL(FACEBOOK, "facebook", "comment", "canonical", 90, NULL, ACCOUNT | NAME, 0, EDITS | DELETES | ANSWERS | REACH)                  \
    CX_SAMPLE_CHANNEL(MESSENGER, "messenger", "message", "canonical", 45, NULL, ACCOUNT | NAME, EMAIL | PHONE, ANSWERS)                              \
    CX_SAMPLE_CHANNEL(INSTAGRAM, "instagram", "comment", "instagram", 90, NULL, ACCOUNT | HANDLE, 0, ANSWERS)                                        \
    CX_SAMPLE_CHANNEL(INSTAGRAM_DM, "instagram_dm", "message", "instagram", 40, "messenger", ACCOUNT, 0, ANSWERS)                                    \
    CX_SAMPLE_CHANNEL(WHATSAPP, "whatsapp", "message", "whatsapp", 90, NULL, PHONE | NAME, 0, ANSWERS)                                               \
    CX_SAMPLE_CHANNEL(YOUTUBE, "youtube", "comment", "canonical", 50, NULL, ACCOUNT | HANDLE, 0, EDITS | DELETES | ANSWERS | REACH)                  \
    CX_SAMPLE_CHANNEL(TIKTOK, "tiktok", "comment", "canonical", 30, NULL, ACCOUNT | HANDLE, 0, ANSWERS | REACH)                                      \
    CX_SAMPLE_CHANNEL(REDDIT, "reddit", "comment", "canonical", 20, NULL, ACCOUNT | HANDLE, 0, EDITS | DELETES | REACH)                              \
    CX_SAMPLE_CHANNEL(TELEGRAM, "telegram", "message", "canonical", 20, NULL, ACCOUNT | HANDLE, PHONE, EDITS | ANSWERS)                              \
    CX_SAMPLE_CHANNEL(GOOGLE_BUSINESS, "google_business", "review", "canonical", 45, NULL, ACCOUNT | NAME, 0, EDITS | ANSWERS | STARS)               \
    CX_SAMPLE_CHANNEL(APP_STORE, "app_store", "review", "canonical", 35, NULL, HANDLE, 0, EDITS | ANSWERS | STARS)                                   \
    CX_SAMPLE_CHANNEL(GOOGLE_PLAY, "google_play", "review", "canonical", 25, "app_store", NAME, 0, EDITS | ANSWERS | STARS)                          \
    CX_SAMPLE_CHANNEL(TRUSTPILOT, "trustpilot", "review", "canonical", 25, "google_business", ACCOUNT | NAME, EMAIL, EDITS | ANSWERS | STARS)        \
    CX_SAMPLE_CHANNEL(EMPLOYER_REVIEW, "employer_review", "review", "canonical", 15, NULL, HANDLE, 0, STARS)                                         \
    CX_SAMPLE_CHANNEL(LIVE_CHAT, "live_chat", "message", "canonical", 60, NULL, ACCOUNT | NAME | EMAIL, CUSTOMER | SOCIAL, ANSWERS)                  \
    CX_SAMPLE_CHANNEL(CALL, "call_transcript", "call_turn", "canonical", 30, NULL, NAME | PHONE, CUSTOMER, ANSWERS)                                  \
    CX_SAMPLE_CHANNEL(SMS, "sms", "message", "canonical", 10, "whatsapp", PHONE, 0, ANSWERS)                                                         \
    CX_SAMPLE_CHANNEL(SURVEY, "survey", "survey_response", "canonical", 25, NULL, CUSTOMER, EMAIL, STARS)                                            \
    CX_SAMPLE_CHANNEL(SHOPIFY, "shopify", "order", "canonical", 40, "note", ACCOUNT | NAME | EMAIL | CUSTOMER, PHONE, 0)                             \
    CX_SAMPLE_CHANNEL(EMAIL, "email", "message", "email", 80, NULL, EMAIL | NAME, 0, ANSWERS)

enum cx_sample_channel {
#define CX_SAMPLE_SYMBOL(symbol, ...) CX_SAMPLE_##symbol,
    CX_SAMPLE_CHANNELS_TABLE(CX_SAMPLE_SYMBOL)
#undef CX_SAMPLE_SYMBOL
        CX_SAMPLE_CHANNELS
};
/* What a record shows of its author. */
enum cx_sample_shown {
    CX_SAMPLE_SHOWS_ACCOUNT = 1, /* the platform's id */
    CX_SAMPLE_SHOWS_HANDLE = 2,
    CX_SAMPLE_SHOWS_NAME = 4,
    CX_SAMPLE_SHOWS_EMAIL = 8,
    CX_SAMPLE_SHOWS_PHONE = 16,
    CX_SAMPLE_SHOWS_CUSTOMER = 32, /* the company's own customer id */
    CX_SAMPLE_SHOWS_SOCIAL = 64    /* the account on the social channel they came from */
};
enum cx_sample_trait { CX_SAMPLE_EDITS = 1, CX_SAMPLE_DELETES = 2, CX_SAMPLE_ANSWERS = 4, CX_SAMPLE_REACH = 8, CX_SAMPLE_STARS = 16 };
struct cx_sample_channel_row {
    const char *name, *kind, *adapter;
    unsigned share;
    const char *also;
    unsigned always, sometimes; /* enum cx_sample_shown */
    unsigned traits;            /* enum cx_sample_trait */
};
extern const struct cx_sample_channel_row cx_sample_channels[CX_SAMPLE_CHANNELS];

enum { CX_SAMPLE_LANGUAGES = 5 };
extern const char *const cx_sample_languages[CX_SAMPLE_LANGUAGES];

struct cx_sample_pool {
    const struct cx_str *items;
    size_t len;
};
struct cx_sample_names { /* names[i] in the language's script, ascii[i] as in addresses */
    struct cx_sample_pool names, ascii;
};
struct cx_sample_step {
    unsigned language, channel;
    bool is_agent;
    unsigned shown; /* besides what the channel always shows */
    struct cx_str text;
};
struct cx_sample_corpus {
    struct cx_sample_pool texts[CX_SAMPLE_LANGUAGES][CX_SAMPLE_CHANNELS];
    struct cx_sample_pool stars[CX_SAMPLE_LANGUAGES][CX_SAMPLE_CHANNELS]; /* of the texts, "1".."5" or null */
    /* Any channel; by the company; ends to a text; subjects of e-mails. */
    struct cx_sample_pool templates[CX_SAMPLE_LANGUAGES], agent[CX_SAMPLE_LANGUAGES], tails[CX_SAMPLE_LANGUAGES], subjects[CX_SAMPLE_LANGUAGES];
    struct cx_sample_pool products[CX_SAMPLE_LANGUAGES], cities[CX_SAMPLE_LANGUAGES], weekdays[CX_SAMPLE_LANGUAGES];
    struct cx_sample_names first[CX_SAMPLE_LANGUAGES], last[CX_SAMPLE_LANGUAGES];
    const struct cx_sample_step *steps; /* of all journeys, in the order they are told */
    size_t step_count;
};
/* Everything lives in the arena or is compiled in. A line that cannot be read is a bug. */
void cx_sample_corpus_load(struct cx_sample_corpus *corpus, struct cx_arena *arena);
#endif
