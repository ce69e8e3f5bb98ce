/* trouble.c - what is no event, and what is no record: every kind of trouble that raw topics are known for. */
#include "run/sample/payload.h"
#include "run/sample/random.h"

enum about { ABOUT_IGNORED = 600, ABOUT_BAD };

const char *cx_sample_write_ignored(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, const struct cx_sample_event *event)
{
    struct cx_buf *out = &pen->out;
    struct cx_sample_thing there = *thing;
    const uint64_t roll = cx_sample_about(thing, ABOUT_IGNORED) % 3;
    there.channel = roll == 0 ? CX_SAMPLE_WHATSAPP : CX_SAMPLE_INSTAGRAM_DM;
    cx_buf_reset(&pen->scratch);
    cx_sample_own_account(&there, &pen->scratch);
    cx_sample_open_envelope(pen, &there, event, cx_buf_view(&pen->scratch));
    if (roll == 0) {
        cx_sample_put(out,
                      "\"payload\":{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"1\",\"changes\":[{\"field\":\"messages\",\"value\":"
                      "{\"messaging_product\":\"whatsapp\",\"statuses\":[{\"id\":");
        CX_SAMPLE_STRING(pen, cx_sample_native_id, &there, there.hash);
        cx_sample_put(out, ",\"status\":\"delivered\",\"timestamp\":\"");
        cx_sample_put_u64(out, (uint64_t)event->occurred_at / 1000);
        cx_sample_put(out, "\",\"recipient_id\":\"15551000000\"}]}}]}]}}");
        return "whatsapp";
    }
    cx_sample_put(out, "\"payload\":{\"object\":\"instagram\",\"entry\":[{\"id\":");
    CX_SAMPLE_STRING(pen, cx_sample_own_account, &there);
    cx_sample_put(out, ",\"time\":");
    cx_sample_put_u64(out, (uint64_t)event->occurred_at);
    cx_sample_put(out, ",\"messaging\":[{\"sender\":{\"id\":");
    CX_SAMPLE_STRING(pen, cx_sample_person_account, &there.person, CX_SAMPLE_INSTAGRAM);
    cx_sample_put(out, "},\"recipient\":{\"id\":");
    CX_SAMPLE_STRING(pen, cx_sample_own_account, &there);
    cx_sample_put(out, "},\"timestamp\":");
    cx_sample_put_u64(out, (uint64_t)event->occurred_at);
    cx_sample_put(out, roll == 1 ? ",\"reaction\":{\"mid\":" : ",\"read\":{\"mid\":");
    CX_SAMPLE_STRING(pen, cx_sample_native_id, &there, there.hash);
    cx_sample_put(out, roll == 1 ? ",\"action\":\"react\",\"reaction\":\"love\"}}]}]}}" : "}}]}]}}");
    return "instagram";
}

/* ---- bad ---- */

/* The record from 2099 says when it came in: a pipe, which has no broker's time, would take it at its word and move everybody's time there.
 * %T the tenant, %I a new id, %t the time, %D seventy brackets deep. */
struct bad_kind {
    const char *adapter, *text;
    bool has_tenant;
};
static const struct bad_kind bad_kinds[] = {
    { "canonical", "{\"tenant\":%T,\"channel\":\"x\",\"native_id\":%I,\"occurred_at\":%t,\"author\":{\"handle\":\"cut\"},\"text\":\"cut of", true },
    { "canonical", "<html><body><h1>502 Bad Gateway</h1></body></html>", false },
    { "canonical", "{}", false },
    { "canonical", "42", false },
    { "canonical", "{\"tenant\":%T,\"channel\":\"facebook\",\"occurred_at\":%t,\"author\":{\"native_id\":\"61\"},\"text\":\"no id\"}", true },
    { "canonical", "{\"channel\":\"x\",\"native_id\":%I,\"occurred_at\":%t,\"author\":{\"native_id\":\"61\"},\"text\":\"no tenant\"}", false },
    { "canonical", "{\"tenant\":%T,\"channel\":\"youtube\",\"native_id\":%I,\"author\":{\"native_id\":\"61\"},\"text\":\"no time\"}", true },
    { "canonical", "{\"tenant\":%T,\"channel\":\"x\",\"native_id\":%I,\"occurred_at\":1234,\"author\":{\"native_id\":\"61\"},\"text\":\"1970\"}",
      true },
    { "canonical",
      "{\"tenant\":%T,\"channel\":\"x\",\"native_id\":%I,\"occurred_at\":\"2099-01-01T00:00:00Z\",\"ingested_at\":%t,\"author\":{\"native_id\":"
      "\"61\"},\"text\":"
      "\"2099\"}",
      true },
    { "canonical",
      "{\"tenant\":%T,\"channel\":\"sms\",\"native_id\":%I,\"occurred_at\":\"yesterday at "
      "noon\",\"author\":{\"native_id\":\"61\"},\"text\":\"when?\"}",
      true },
    { "canonical", "{\"tenant\":%T,\"channel\":\"reddit\",\"native_id\":%I,\"occurred_at\":%t,\"text\":\"no author, no identifier\"}", true },
    { "canonical", "{\"tenant\":%T,\"channel\":\"x\",\"native_id\":%I,\"occurred_at\":%t,\"author\":{\"native_id\":\"61\"},\"text\":\"se\xf1or\"}",
      true },
    { "canonical",
      "{\"tenant\":%T,\"channel\":\"x\",\"native_id\":%I,\"native_id\":\"2\",\"occurred_at\":%t,\"author\":{\"native_id\":\"61\"},\"text\":"
      "\"twice\"}",
      true },
    { "canonical",
      "{\"tenant\":%T,\"channel\":\"x\",\"native_id\":%I,\"occurred_at\":%t,\"author\":{\"native_id\":\"61\"},\"text\":{\"not\":\"text\"}}", true },
    { "canonical",
      "{\"tenant\":%T,\"channel\":\"Live Chat!\",\"native_id\":%I,\"occurred_at\":%t,\"author\":{\"native_id\":\"61\"},\"text\":\"what channel\"}",
      true },
    { "canonical", "{\"tenant\":%T,\"channel\":\"x\",\"native_id\":%I,\"occurred_at\":%t,\"author\":{\"native_id\":\"61\"},\"deep\":%D}", true },
    { "canonical",
      "{\"tenant\":%T,\"channel\":\"x\",\"native_id\":%I,\"occurred_at\":%t,\"author\":{\"native_id\":\"61\"},\"text\":\"a raw \x01 inside\"}",
      true },
    { "fax", "{\"adapter\":\"fax\",\"tenant\":%T,\"received_at\":%t,\"payload\":{\"pages\":2}}", true },
    { "instagram",
      "{\"adapter\":\"instagram\",\"tenant\":%T,\"received_at\":%t,\"own_ids\":[\"1\"],\"payload\":{\"object\":\"instagram\",\"entry\":[{\"id\":"
      "\"1\","
      "\"time\":1700000000,\"changes\":[{\"field\":\"comments\",\"value\":{\"from\":{\"id\":\"61\"},\"text\":\"comment without an id\"}}]}]}}",
      true },
    { "whatsapp",
      "{\"adapter\":\"whatsapp\",\"tenant\":%T,\"received_at\":%t,\"payload\":{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"1\","
      "\"changes\":[{\"field\":\"messages\",\"value\":{\"messages\":[{\"from\":\"15551000000\",\"timestamp\":\"soon\",\"id\":%I,"
      "\"type\":\"text\",\"text\":{\"body\":\"when?\"}}]}}]}]}}",
      true },
};

static void put_deep(struct cx_buf *out)
{
    enum { depth = 70 };
    for (int i = 0; i < depth; i++)
        cx_buf_byte(out, '[');
    for (int i = 0; i < depth; i++)
        cx_buf_byte(out, ']');
}

const char *cx_sample_write_bad(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, const struct cx_sample_event *event, bool *has_tenant)
{
    struct cx_buf *out = &pen->out;
    const struct bad_kind *kind = &bad_kinds[cx_sample_about(thing, ABOUT_BAD) % (sizeof bad_kinds / sizeof *bad_kinds)];
    for (const char *at = kind->text; *at; at++) {
        if (*at != '%') {
            cx_buf_byte(out, *at);
            continue;
        }
        switch (*++at) {
        case 'T':
            cx_json_string(out, thing->tenant->name);
            break;
        case 'I':
            cx_buf_byte(out, '"');
            cx_sample_put_code(out, thing->hash, CX_SAMPLE_HEX, 20);
            cx_buf_byte(out, '"');
            break;
        case 't':
            cx_sample_put_time(out, event->occurred_at);
            break;
        case 'D':
            put_deep(out);
            break;
        }
    }
    *has_tenant = kind->has_tenant;
    return kind->adapter;
}
