/* canonical.c - canonical JSON, as a company's own connectors write it. */
#include "run/sample/payload.h"
#include "run/sample/random.h"
#include "run/sample/text.h"

enum about { ABOUT_TIME = 200, ABOUT_FOLLOWERS, ABOUT_REACH, ABOUT_MEDIA, ABOUT_SOCIAL, ABOUT_EXTRA, ABOUT_PRICE };

/* What this record shows of its author: the channel's share, the person's own habit, and what the journey needs. */
static unsigned shown(const struct cx_sample_thing *thing)
{
    const struct cx_sample_channel_row *row = &cx_sample_channels[thing->channel];
    unsigned shows = row->always;
    if (thing->step)
        return shows | thing->step->shown;
    for (unsigned what = 1; what <= row->sometimes; what <<= 1)
        if ((row->sometimes & what) && cx_sample_person_shows(&thing->person, what))
            shows |= what;
    return shows;
}

/* ---- members ---- */

/* Connectors differ: most write RFC 3339 in UTC, some an offset, some epoch milliseconds. */
static void put_occurred_at(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, int64_t ms)
{
    enum { offset = 3 * 3600000 };
    const uint64_t style = cx_sample_about(thing, ABOUT_TIME) % 10;
    struct cx_buf *out = &pen->out;
    if (style == 0) {
        cx_sample_put_u64(out, (uint64_t)ms);
    } else if (style == 1) {
        cx_sample_put_time(out, ms + offset);
        out->len -= sizeof "Z\"" - 1;
        cx_sample_put(out, "+03:00\"");
    } else {
        cx_sample_put_time(out, ms);
    }
}

static void put_author(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, unsigned shows)
{
    struct cx_buf *out = &pen->out;
    char before = '{';
    cx_sample_put(out, ",\"author\":");
    if (shows & CX_SAMPLE_SHOWS_ACCOUNT) {
        cx_sample_put(out, "{\"native_id\":");
        CX_SAMPLE_STRING(pen, cx_sample_person_account, &thing->person, thing->channel);
        before = ',';
    }
    if (shows & CX_SAMPLE_SHOWS_HANDLE) {
        cx_buf_byte(out, before);
        cx_sample_put(out, "\"handle\":");
        CX_SAMPLE_STRING(pen, cx_sample_person_handle, &thing->person);
        before = ',';
    }
    if (shows & CX_SAMPLE_SHOWS_NAME) {
        cx_buf_byte(out, before);
        cx_sample_put(out, "\"name\":");
        CX_SAMPLE_STRING(pen, cx_sample_person_name, &thing->person);
        before = ',';
    }
    if (cx_sample_channels[thing->channel].traits & CX_SAMPLE_REACH) {
        /* Few have many: the exponent is what is even. */
        const uint64_t hash = cx_sample_hash(thing->person.hash, ABOUT_FOLLOWERS);
        cx_sample_put(out, ",\"followers\":");
        cx_sample_put_u64(out, (hash & 0xffffff) >> (4 + hash % 19));
        cx_sample_put(out, hash >> 32 & 31 ? ",\"verified\":false" : ",\"verified\":true");
    }
    if (before == '{')
        cx_sample_put(out, "null");
    else
        cx_buf_byte(out, '}');
}

static void put_agent(struct cx_sample_pen *pen, const struct cx_sample_thing *thing)
{
    struct cx_buf *out = &pen->out;
    uint64_t number;
    const struct cx_str name = cx_sample_staff(pen->plan, thing, &number);
    cx_sample_put(out, ",\"author\":{\"native_id\":\"agent-");
    cx_sample_put(out, cx_sample_languages[thing->language]);
    cx_sample_put_u64(out, number);
    cx_sample_put(out, "\",\"name\":");
    cx_json_string(out, name);
    cx_sample_put(out, ",\"actor\":\"agent\"}");
}

static void open_identifier(struct cx_buf *out, bool *is_open, const char *type)
{
    cx_sample_put(out, *is_open ? ",{\"type\":\"" : ",\"identifiers\":[{\"type\":\"");
    cx_sample_put(out, type);
    cx_sample_put(out, "\",\"value\":");
    *is_open = true;
}

/* The account on the social channel they came from: X, or the first channel of the journey. */
static void put_social(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, bool *is_open)
{
    static const struct {
        enum cx_sample_channel channel;
        const char *type;
    } first[CX_SAMPLE_LANGUAGES] = { { CX_SAMPLE_INSTAGRAM, "ig_sid" },
                                     { CX_SAMPLE_X, "x_user_id" },
                                     { CX_SAMPLE_X, "x_user_id" },
                                     { CX_SAMPLE_YOUTUBE, "yt_channel_id" },
                                     { CX_SAMPLE_X, "x_user_id" } };
    const unsigned i = thing->step ? thing->language : CX_SAMPLE_LANGUAGES - 1;
    open_identifier(&pen->out, is_open, first[i].type);
    CX_SAMPLE_STRING(pen, cx_sample_person_account, &thing->person, first[i].channel);
    if (first[i].channel == CX_SAMPLE_INSTAGRAM) { /* an id that means something at one account only */
        struct cx_sample_thing there = *thing;
        there.channel = CX_SAMPLE_INSTAGRAM;
        cx_sample_put(&pen->out, ",\"scope\":");
        CX_SAMPLE_STRING(pen, cx_sample_own_account, &there);
    }
    cx_buf_byte(&pen->out, '}');
}

static void put_identifiers(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, unsigned shows)
{
    struct cx_buf *out = &pen->out;
    bool is_open = false;
    if (shows & CX_SAMPLE_SHOWS_EMAIL) {
        open_identifier(out, &is_open, "email");
        CX_SAMPLE_STRING(pen, cx_sample_person_email, &thing->person);
        cx_buf_byte(out, '}');
    }
    if (shows & CX_SAMPLE_SHOWS_PHONE) {
        open_identifier(out, &is_open, "phone");
        CX_SAMPLE_STRING(pen, cx_sample_person_phone, &thing->person);
        cx_buf_byte(out, '}');
    }
    if (shows & CX_SAMPLE_SHOWS_CUSTOMER) {
        open_identifier(out, &is_open, "customer_id");
        CX_SAMPLE_STRING(pen, cx_sample_person_customer, &thing->person);
        cx_buf_byte(out, '}');
    }
    if ((shows & CX_SAMPLE_SHOWS_SOCIAL) && (thing->step || cx_sample_about(thing, ABOUT_SOCIAL) % 3 == 0))
        put_social(pen, thing, &is_open);
    if (thing->channel == CX_SAMPLE_SHOPIFY) {
        open_identifier(out, &is_open, "order_id");
        CX_SAMPLE_STRING(pen, cx_sample_order, thing);
        cx_buf_byte(out, '}');
    }
    if (is_open)
        cx_buf_byte(out, ']');
}

/* Where it belongs: under a post, in a conversation, or to nothing. */
static void put_place(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, const struct cx_sample_event *event)
{
    struct cx_buf *out = &pen->out;
    const char *kind = cx_sample_channels[thing->channel].kind;
    const bool is_comment = strcmp(kind, "comment") == 0, is_talk = strcmp(kind, "message") == 0 || strcmp(kind, "call_turn") == 0;
    const bool is_answer = event->kind == CX_SAMPLE_ANSWER && event->hash != thing->hash;
    if (is_answer) {
        cx_sample_put(out, ",\"parent_id\":");
        CX_SAMPLE_STRING(pen, cx_sample_native_id, thing, thing->hash);
    } else if (is_comment) {
        cx_sample_put(out, ",\"parent_id\":");
        CX_SAMPLE_STRING(pen, cx_sample_container, thing);
    }
    if (is_talk) {
        cx_sample_put(out, ",\"conversation_id\":");
        CX_SAMPLE_STRING(pen, cx_sample_container, thing);
    }
}

static void put_content(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, const struct cx_sample_event *event)
{
    struct cx_buf *out = &pen->out;
    unsigned stars;
    cx_sample_words(pen, thing, event, &stars);
    const bool has_text = pen->text.len > 0 && !(thing->channel == CX_SAMPLE_SHOPIFY && !thing->step && cx_sample_about(thing, ABOUT_EXTRA) % 2);
    cx_sample_put(out, ",\"text\":");
    cx_json_string(out, has_text ? cx_buf_view(&pen->text) : CX_STR_NULL);
    if (stars > 0) {
        const bool is_ten = thing->channel == CX_SAMPLE_SURVEY;
        cx_sample_put(out, ",\"rating\":{\"value\":");
        cx_sample_put_u64(out, is_ten ? 2 * stars : stars);
        cx_sample_put(out, is_ten ? ",\"scale\":10}" : ",\"scale\":5}");
    }
    if (event->kind == CX_SAMPLE_NEW && cx_sample_about(thing, ABOUT_MEDIA) % 50 == 0)
        cx_sample_put(out, ",\"media\":[{\"type\":\"image\",\"url\":\"https://media.example/i.jpg\"}]");
}

static void put_reach(struct cx_buf *out, const struct cx_sample_thing *thing)
{
    const uint64_t hash = cx_sample_about(thing, ABOUT_REACH), likes = (hash & 0xfff) >> (hash >> 12) % 12;
    cx_sample_put(out, ",\"reach\":{\"likes\":");
    cx_sample_put_u64(out, likes);
    cx_sample_put(out, ",\"replies\":");
    cx_sample_put_u64(out, likes / 9);
    cx_sample_put(out, ",\"shares\":");
    cx_sample_put_u64(out, likes / 14);
    cx_sample_put(out, ",\"views\":");
    cx_sample_put_u64(out, likes * 37 + (hash >> 40) % 50);
    cx_buf_byte(out, '}');
}

/* Members that no field takes: they become attributes. */
static void put_extra(struct cx_sample_pen *pen, const struct cx_sample_thing *thing)
{
    struct cx_buf *out = &pen->out;
    const uint64_t hash = cx_sample_about(thing, ABOUT_PRICE);
    if (thing->channel == CX_SAMPLE_SHOPIFY) {
        cx_sample_put(out, ",\"order_name\":");
        CX_SAMPLE_STRING(pen, cx_sample_order, thing);
        cx_sample_put(out, ",\"total_price\":\"");
        cx_sample_put_u64(out, 9 + hash % 900);
        cx_sample_put(out, ".90\",\"items\":");
        cx_sample_put_u64(out, 1 + hash / 900 % 4);
    } else if (thing->channel == CX_SAMPLE_APP_STORE || thing->channel == CX_SAMPLE_GOOGLE_PLAY) {
        cx_sample_put(out, ",\"app_version\":\"7.");
        cx_sample_put_u64(out, hash % 12);
        cx_sample_put(out, ".1\"");
    }
}

void cx_sample_write_canonical(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, const struct cx_sample_event *event)
{
    struct cx_buf *out = &pen->out;
    const struct cx_sample_channel_row *row = &cx_sample_channels[thing->channel];
    const bool is_answer = event->kind == CX_SAMPLE_ANSWER;
    /* An edited post has a new id on X; elsewhere edits and deletes name what they change. */
    const bool has_new_id = is_answer || (event->kind == CX_SAMPLE_EDIT && thing->channel == CX_SAMPLE_X);
    cx_sample_put(out, "{\"tenant\":");
    cx_json_string(out, thing->tenant->name);
    cx_sample_put(out, ",\"brand\":");
    cx_json_string(out, cx_sample_brand(thing));
    cx_sample_put(out, ",\"channel\":\"");
    cx_sample_put(out, row->name);
    cx_sample_put(out, "\",\"kind\":\"");
    cx_sample_put(out, is_answer && strcmp(row->kind, "review") == 0 ? "review_reply" : row->kind);
    cx_sample_put(out, "\",\"native_id\":");
    CX_SAMPLE_STRING(pen, cx_sample_native_id, thing, has_new_id ? event->hash : thing->hash);
    if (event->kind == CX_SAMPLE_EDIT)
        cx_sample_put(out, ",\"op\":\"edit\"");
    if (event->kind == CX_SAMPLE_DELETE)
        cx_sample_put(out, ",\"op\":\"delete\"");
    if (has_new_id && !is_answer) {
        cx_sample_put(out, ",\"supersedes\":");
        CX_SAMPLE_STRING(pen, cx_sample_native_id, thing, thing->hash);
    }
    if (is_answer)
        cx_sample_put(out, ",\"direction\":\"outbound\"");
    cx_sample_put(out, ",\"occurred_at\":");
    put_occurred_at(pen, thing, event->occurred_at);
    if (is_answer) {
        put_agent(pen, thing);
    } else {
        const unsigned shows = shown(thing);
        put_author(pen, thing, shows);
        put_identifiers(pen, thing, shows);
    }
    put_place(pen, thing, event);
    put_content(pen, thing, event);
    if ((row->traits & CX_SAMPLE_REACH) && !is_answer)
        put_reach(out, thing);
    put_extra(pen, thing);
    cx_buf_byte(out, '}');
}
