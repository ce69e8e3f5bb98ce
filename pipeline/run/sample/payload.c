#include "run/sample/payload.h"
#include "base/error.h"
#include "base/time.h"
#include "run/sample/random.h"
#include "run/sample/text.h"

void cx_sample_put_time(struct cx_buf *out, int64_t ms)
{
    char text[CX_TIME_TEXT];
    cx_time_format(ms, text);
    cx_buf_byte(out, '"');
    cx_buf_add(out, text, sizeof text);
    cx_buf_byte(out, '"');
}

/* ---- ids ---- */

struct id_form {
    const char *prefix, *alphabet;
    unsigned len;
    bool has_container; /* unique only inside its container: the id is composite */
    char separator;
};
static const struct id_form id_forms[CX_SAMPLE_CHANNELS] = {
    [CX_SAMPLE_X] = { "19", CX_SAMPLE_DIGITS, 17, false, 0 },
    [CX_SAMPLE_X_DM] = { "18", CX_SAMPLE_DIGITS, 17, false, 0 },
    [CX_SAMPLE_FACEBOOK] = { "", CX_SAMPLE_DIGITS, 16, true, '_' },
    [CX_SAMPLE_MESSENGER] = { "m_", CX_SAMPLE_BASE62, 30, false, 0 },
    [CX_SAMPLE_INSTAGRAM] = { "18", CX_SAMPLE_DIGITS, 15, false, 0 },
    [CX_SAMPLE_INSTAGRAM_DM] = { "aWdf", CX_SAMPLE_BASE62, 36, false, 0 },
    [CX_SAMPLE_WHATSAPP] = { "wamid.HBgM", CX_SAMPLE_BASE62, 30, false, 0 },
    [CX_SAMPLE_YOUTUBE] = { "Ug", CX_SAMPLE_BASE62, 24, false, 0 },
    [CX_SAMPLE_TIKTOK] = { "74", CX_SAMPLE_DIGITS, 17, false, 0 },
    [CX_SAMPLE_REDDIT] = { "t1_", CX_SAMPLE_BASE36, 9, false, 0 },
    [CX_SAMPLE_TELEGRAM] = { "", CX_SAMPLE_DIGITS, 9, true, ':' },
    [CX_SAMPLE_GOOGLE_BUSINESS] = { "ChZDSUhN", CX_SAMPLE_BASE62, 24, false, 0 },
    [CX_SAMPLE_APP_STORE] = { "11", CX_SAMPLE_DIGITS, 12, false, 0 },
    [CX_SAMPLE_GOOGLE_PLAY] = { "gp:AOqp", CX_SAMPLE_BASE62, 30, false, 0 },
    [CX_SAMPLE_TRUSTPILOT] = { "", CX_SAMPLE_HEX, 24, false, 0 },
    [CX_SAMPLE_EMPLOYER_REVIEW] = { "er", CX_SAMPLE_DIGITS, 12, false, 0 },
    [CX_SAMPLE_LIVE_CHAT] = { "E", CX_SAMPLE_BASE36, 14, false, 0 },
    [CX_SAMPLE_CALL] = { "", CX_SAMPLE_HEX, 12, true, ':' },
    [CX_SAMPLE_SMS] = { "SM", CX_SAMPLE_HEX, 32, false, 0 },
    [CX_SAMPLE_SURVEY] = { "", CX_SAMPLE_BASE36, 20, false, 0 },
    [CX_SAMPLE_SHOPIFY] = { "5", CX_SAMPLE_DIGITS, 13, false, 0 },
    [CX_SAMPLE_EMAIL] = { "", CX_SAMPLE_HEX, 24, false, 0 },
};

void cx_sample_native_id(const struct cx_sample_thing *thing, uint64_t event_hash, struct cx_buf *out)
{
    const struct id_form *form = &id_forms[thing->channel];
    if (form->has_container) {
        cx_sample_container(thing, out);
        cx_buf_byte(out, form->separator);
    }
    cx_sample_put(out, form->prefix);
    cx_sample_put_code(out, event_hash, form->alphabet, form->len);
    if (thing->channel == CX_SAMPLE_EMAIL)
        cx_sample_put(out, "@mail.example");
}

void cx_sample_container(const struct cx_sample_thing *thing, struct cx_buf *out)
{
    enum { posts = 40 };
    const uint64_t account = cx_sample_hash(thing->tenant->hash, thing->brand);
    const uint64_t post = cx_sample_hash(account, thing->channel * posts + thing->hash % posts);
    const uint64_t chat = cx_sample_hash(account ^ thing->person.hash, thing->channel);
    switch (thing->channel) {
    case CX_SAMPLE_FACEBOOK:
        cx_sample_put_code(out, post, CX_SAMPLE_DIGITS, 15);
        break;
    case CX_SAMPLE_INSTAGRAM:
        cx_sample_put(out, "17");
        cx_sample_put_code(out, post, CX_SAMPLE_DIGITS, 15);
        break;
    case CX_SAMPLE_YOUTUBE:
        cx_sample_put_code(out, post, CX_SAMPLE_BASE62, 11);
        break;
    case CX_SAMPLE_TIKTOK:
        cx_sample_put(out, "73");
        cx_sample_put_code(out, post, CX_SAMPLE_DIGITS, 17);
        break;
    case CX_SAMPLE_REDDIT:
        cx_sample_put(out, "t3_");
        cx_sample_put_code(out, post, CX_SAMPLE_BASE36, 7);
        break;
    case CX_SAMPLE_TELEGRAM:
        cx_sample_put_code(out, chat, CX_SAMPLE_DIGITS, 10);
        break;
    default:
        cx_sample_put_code(out, chat, CX_SAMPLE_HEX, 24);
        break;
    }
}

void cx_sample_own_account(const struct cx_sample_thing *thing, struct cx_buf *out)
{
    /* Channels of one platform share the account. */
    const uint64_t platform = thing->channel == CX_SAMPLE_INSTAGRAM_DM ? CX_SAMPLE_INSTAGRAM : thing->channel;
    cx_sample_put(out, "17841");
    cx_sample_put_code(out, cx_sample_hash(thing->tenant->hash + thing->brand, platform), CX_SAMPLE_DIGITS, 12);
}

void cx_sample_own_address(const struct cx_sample_thing *thing, struct cx_buf *out)
{
    cx_sample_put(out, "care@");
    for (size_t i = 0; i < cx_sample_brand(thing).len; i++) {
        const char c = cx_sample_brand(thing).ptr[i];
        cx_buf_byte(out, c == '_' ? '-' : c);
    }
    cx_sample_put(out, ".example");
}

/* ---- what all forms share ---- */

void cx_sample_open_envelope(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, const struct cx_sample_event *event, struct cx_str own)
{
    struct cx_buf *out = &pen->out;
    cx_sample_put(out, "{\"adapter\":\"");
    cx_sample_put(out, cx_sample_channels[thing->channel].adapter);
    cx_sample_put(out, "\",\"tenant\":");
    cx_json_string(out, thing->tenant->name);
    cx_sample_put(out, ",\"brand\":");
    cx_json_string(out, cx_sample_brand(thing));
    cx_sample_put(out, ",\"received_at\":");
    cx_sample_put_time(out, event->received_at);
    cx_sample_put(out, ",\"own_ids\":[");
    cx_json_string(out, own);
    cx_sample_put(out, "],");
}

void cx_sample_words(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, const struct cx_sample_event *event, unsigned *stars)
{
    cx_buf_reset(&pen->text);
    *stars = 0;
    if (event->kind == CX_SAMPLE_ANSWER)
        cx_sample_answer(pen->plan, thing, &pen->text);
    else if (event->kind != CX_SAMPLE_DELETE)
        cx_sample_text(pen->plan, thing, event->kind == CX_SAMPLE_EDIT, &pen->text, stars);
}

void cx_sample_write(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, const struct cx_sample_event *event)
{
    switch (thing->channel) {
    case CX_SAMPLE_INSTAGRAM:
    case CX_SAMPLE_INSTAGRAM_DM:
        cx_sample_write_instagram(pen, thing, event);
        break;
    case CX_SAMPLE_WHATSAPP:
        cx_sample_write_whatsapp(pen, thing, event);
        break;
    case CX_SAMPLE_EMAIL:
        cx_sample_write_mail(pen, thing, event);
        break;
    default:
        cx_sample_write_canonical(pen, thing, event);
        break;
    }
}
