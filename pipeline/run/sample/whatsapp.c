/* whatsapp.c - webhooks of the WhatsApp Cloud API: messages of customers, and echoes of what the company wrote in its app. */
#include "run/sample/payload.h"
#include "run/sample/random.h"

enum about { ABOUT_TYPE = 400, ABOUT_NUMBER };

static void put_own_number(const struct cx_sample_thing *thing, struct cx_buf *out)
{
    cx_sample_put(out, "1555");
    cx_sample_put_code(out, cx_sample_hash(thing->tenant->hash + thing->brand, ABOUT_NUMBER), CX_SAMPLE_DIGITS, 7);
}

/* As the platform writes it: digits alone. */
static void put_wa_id(const struct cx_sample_person *person, struct cx_buf *out)
{
    const size_t at = out->len;
    cx_sample_person_phone(person, out);
    memmove(out->ptr + at, out->ptr + at + 1, out->len - at - 1);
    out->len--;
}

/* Business-scoped user id: country, dot, code. */
static void put_user_id(const struct cx_sample_thing *thing, struct cx_buf *out)
{
    static const char *const countries[CX_SAMPLE_LANGUAGES] = { "TR.", "ES.", "SA.", "KZ.", "US." };
    cx_sample_put(out, countries[thing->person.language]);
    cx_sample_put_code(out, cx_sample_hash(thing->person.hash, thing->tenant->hash), CX_SAMPLE_BASE36, 20);
}

/* Members of a username hide their number. */
static bool hides_number(const struct cx_sample_thing *thing)
{
    return !thing->step && thing->person.hash % 20 == 0;
}

static void put_contact(struct cx_sample_pen *pen, const struct cx_sample_thing *thing)
{
    struct cx_buf *out = &pen->out;
    cx_sample_put(out, "\"contacts\":[{\"profile\":{\"name\":");
    CX_SAMPLE_STRING(pen, cx_sample_person_name, &thing->person);
    if (hides_number(thing)) {
        cx_sample_put(out, ",\"username\":");
        CX_SAMPLE_STRING(pen, cx_sample_person_handle, &thing->person);
        cx_buf_byte(out, '}');
    } else {
        cx_sample_put(out, "},\"wa_id\":");
        CX_SAMPLE_STRING(pen, put_wa_id, &thing->person);
    }
    cx_sample_put(out, ",\"user_id\":");
    CX_SAMPLE_STRING(pen, put_user_id, thing);
    cx_sample_put(out, "}],");
}

static void put_body(struct cx_sample_pen *pen, const struct cx_sample_thing *thing)
{
    struct cx_buf *out = &pen->out;
    const struct cx_str words = cx_buf_view(&pen->text);
    const uint64_t roll = thing->step ? 100 : cx_sample_about(thing, ABOUT_TYPE) % 100;
    if (roll < 6) {
        cx_sample_put(out, "\"type\":\"image\",\"image\":{\"id\":\"");
        cx_sample_put_code(out, thing->hash, CX_SAMPLE_DIGITS, 15);
        cx_sample_put(out, "\",\"mime_type\":\"image/jpeg\",\"caption\":");
        cx_json_string(out, words);
        cx_buf_byte(out, '}');
    } else if (roll < 9) {
        cx_sample_put(out, "\"type\":\"button\",\"button\":{\"payload\":\"b1\",\"text\":");
        cx_json_string(out, words);
        cx_buf_byte(out, '}');
    } else {
        cx_sample_put(out, "\"type\":\"text\",\"text\":{\"body\":");
        cx_json_string(out, words);
        cx_buf_byte(out, '}');
    }
}

static void put_message(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, const struct cx_sample_event *event)
{
    struct cx_buf *out = &pen->out;
    const bool is_answer = event->kind == CX_SAMPLE_ANSWER;
    if (!hides_number(thing) || is_answer) {
        cx_sample_put(out, "{\"from\":");
        if (is_answer)
            CX_SAMPLE_STRING(pen, put_own_number, thing);
        else
            CX_SAMPLE_STRING(pen, put_wa_id, &thing->person);
        cx_buf_byte(out, ',');
    } else {
        cx_buf_byte(out, '{');
    }
    if (is_answer) {
        cx_sample_put(out, "\"to\":");
        CX_SAMPLE_STRING(pen, put_wa_id, &thing->person);
    } else {
        cx_sample_put(out, "\"from_user_id\":");
        CX_SAMPLE_STRING(pen, put_user_id, thing);
    }
    cx_sample_put(out, ",\"id\":");
    CX_SAMPLE_STRING(pen, cx_sample_native_id, thing, is_answer ? event->hash : thing->hash);
    cx_sample_put(out, ",\"timestamp\":\"");
    cx_sample_put_u64(out, (uint64_t)event->occurred_at / 1000);
    cx_sample_put(out, "\",");
    put_body(pen, thing);
    cx_buf_byte(out, '}');
}

void cx_sample_write_whatsapp(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, const struct cx_sample_event *event)
{
    struct cx_buf *out = &pen->out;
    const bool is_answer = event->kind == CX_SAMPLE_ANSWER;
    unsigned stars;
    cx_sample_words(pen, thing, event, &stars);
    cx_buf_reset(&pen->scratch);
    put_own_number(thing, &pen->scratch);
    cx_sample_open_envelope(pen, thing, event, cx_buf_view(&pen->scratch));
    cx_sample_put(out, "\"payload\":{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":");
    CX_SAMPLE_STRING(pen, cx_sample_own_account, thing);
    cx_sample_put(out, ",\"changes\":[{\"field\":\"");
    cx_sample_put(out, is_answer ? "smb_message_echoes" : "messages");
    cx_sample_put(out, "\",\"value\":{\"messaging_product\":\"whatsapp\",\"metadata\":{\"display_phone_number\":");
    CX_SAMPLE_STRING(pen, put_own_number, thing);
    cx_sample_put(out, ",\"phone_number_id\":");
    CX_SAMPLE_STRING(pen, cx_sample_own_account, thing);
    cx_sample_put(out, "},");
    if (!is_answer)
        put_contact(pen, thing);
    cx_sample_put(out, is_answer ? "\"message_echoes\":[" : "\"messages\":[");
    put_message(pen, thing, event);
    cx_sample_put(out, "]}}]}]}}");
}
