/* instagram.c - webhooks of Instagram: comments (`changes`) and direct messages (`messaging`). */
#include "run/sample/payload.h"
#include "run/sample/random.h"
#include "run/sample/text.h"

enum about { ABOUT_BATCH = 300, ABOUT_PARENT };

/* Comments under an account come one by one mostly; now and then two or three at once. */
static unsigned batch_size(const struct cx_sample_thing *thing, const struct cx_sample_event *event)
{
    const uint64_t roll = cx_sample_about(thing, ABOUT_BATCH) % 100;
    if (thing->step || event->kind != CX_SAMPLE_NEW)
        return 1;
    return roll < 5 ? 3 : roll < 15 ? 2 : 1;
}

static void put_words(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, const struct cx_sample_event *event)
{
    unsigned stars;
    cx_sample_words(pen, thing, event, &stars);
    cx_json_string(&pen->out, cx_buf_view(&pen->text));
}

static void put_comment(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, const struct cx_sample_event *event)
{
    struct cx_buf *out = &pen->out;
    const bool is_answer = event->kind == CX_SAMPLE_ANSWER;
    cx_sample_put(out, "{\"field\":\"comments\",\"value\":{\"id\":");
    CX_SAMPLE_STRING(pen, cx_sample_native_id, thing, is_answer ? event->hash : thing->hash);
    cx_sample_put(out, ",\"from\":{\"id\":");
    if (is_answer)
        CX_SAMPLE_STRING(pen, cx_sample_own_account, thing);
    else
        CX_SAMPLE_STRING(pen, cx_sample_person_account, &thing->person, CX_SAMPLE_INSTAGRAM);
    cx_sample_put(out, ",\"username\":");
    if (is_answer)
        cx_json_string(out, cx_sample_brand(thing));
    else
        CX_SAMPLE_STRING(pen, cx_sample_person_handle, &thing->person);
    cx_sample_put(out, "},\"media\":{\"id\":");
    CX_SAMPLE_STRING(pen, cx_sample_container, thing);
    cx_sample_put(out, cx_sample_about(thing, ABOUT_PARENT) % 3 ? ",\"media_product_type\":\"FEED\"}" : ",\"media_product_type\":\"REELS\"}");
    if (is_answer) {
        cx_sample_put(out, ",\"parent_id\":");
        CX_SAMPLE_STRING(pen, cx_sample_native_id, thing, thing->hash);
    }
    cx_sample_put(out, ",\"text\":");
    put_words(pen, thing, event);
    cx_sample_put(out, "}}");
}

static void put_message(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, const struct cx_sample_event *event)
{
    struct cx_buf *out = &pen->out;
    const bool is_answer = event->kind == CX_SAMPLE_ANSWER;
    cx_sample_put(out, "{\"sender\":{\"id\":");
    if (is_answer)
        CX_SAMPLE_STRING(pen, cx_sample_own_account, thing);
    else
        CX_SAMPLE_STRING(pen, cx_sample_person_account, &thing->person, CX_SAMPLE_INSTAGRAM);
    cx_sample_put(out, "},\"recipient\":{\"id\":");
    if (is_answer)
        CX_SAMPLE_STRING(pen, cx_sample_person_account, &thing->person, CX_SAMPLE_INSTAGRAM);
    else
        CX_SAMPLE_STRING(pen, cx_sample_own_account, thing);
    cx_sample_put(out, "},\"timestamp\":");
    cx_sample_put_u64(out, (uint64_t)event->occurred_at);
    cx_sample_put(out, ",\"message\":{\"mid\":");
    CX_SAMPLE_STRING(pen, cx_sample_native_id, thing, is_answer ? event->hash : thing->hash);
    if (is_answer)
        cx_sample_put(out, ",\"is_echo\":true");
    cx_sample_put(out, ",\"text\":");
    put_words(pen, thing, event);
    cx_sample_put(out, "}}");
}

void cx_sample_write_instagram(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, const struct cx_sample_event *event)
{
    struct cx_buf *out = &pen->out;
    const bool is_comment = thing->channel == CX_SAMPLE_INSTAGRAM;
    const unsigned size = batch_size(thing, event);
    cx_buf_reset(&pen->scratch);
    cx_sample_own_account(thing, &pen->scratch);
    cx_sample_open_envelope(pen, thing, event, cx_buf_view(&pen->scratch));
    cx_sample_put(out, "\"payload\":{\"object\":\"instagram\",\"entry\":[{\"id\":");
    CX_SAMPLE_STRING(pen, cx_sample_own_account, thing);
    cx_sample_put(out, ",\"time\":");
    cx_sample_put_u64(out, (uint64_t)event->occurred_at / (is_comment ? 1000 : 1));
    cx_sample_put(out, is_comment ? ",\"changes\":[" : ",\"messaging\":[");
    for (unsigned part = 0; part < size; part++) {
        struct cx_sample_thing other = *thing;
        if (part > 0) {
            cx_sample_thing_init(&other, pen->plan, event->n, part);
            other.tenant = thing->tenant;
            cx_buf_byte(out, ',');
        }
        if (is_comment)
            put_comment(pen, &other, event);
        else
            put_message(pen, &other, event);
    }
    cx_sample_put(out, "]}]}}");
}
