/* Random damage to real payloads: never a crash, always one verdict per item, and what is said twice is said alike. */
#include <criterion/criterion.h>
#include "tests/stages/normalize/raw_stage.h"

enum { ROUNDS = 3000, BATCH = 20 };
static struct raw_stage raw;

static uint64_t seed;
static size_t below(size_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (size_t)((seed >> 33) % n);
}

static void setup(void)
{
    seed = 20261122;
    cr_assert_eq(raw_stage_open(&raw, ""), 0, "%s", raw.one.err.text);
}

static void teardown(void)
{
    raw_stage_close(&raw);
}

TestSuite(normalize_property, .init = setup, .fini = teardown);

static const char *const payloads[] = {
    "{\"tenant\":\"acme\",\"channel\":\"x\",\"native_id\":\"1\",\"occurred_at\":\"2026-11-22T04:00:00Z\",\"author\":{\"native_id\":\"u\","
    "\"followers\":3},"
    "\"identifiers\":[{\"type\":\"phone\",\"value\":\"+90 532 123 45 "
    "67\"}],\"rating\":{\"value\":4,\"scale\":5},\"media\":[{\"type\":\"image\",\"url\":\"u\"}],"
    "\"reach\":{\"likes\":7},\"text\":\"a\\u00e7\\r\\nb\",\"extra\":{\"a\":[1,{}]}}",
    "{\"adapter\":\"instagram\",\"tenant\":\"acme\",\"received_at\":1795320000000,\"payload\":{\"object\":\"instagram\",\"entry\":[{\"id\":\"1\","
    "\"time\":1795320000,"
    "\"changes\":[{\"field\":\"comments\",\"value\":{\"id\":\"c\",\"text\":\"t\",\"from\":{\"id\":\"2\",\"username\":\"n\"},\"media\":{\"id\":\"m\"}}"
    "}],"
    "\"messaging\":[{\"sender\":{\"id\":\"3\"},\"recipient\":{\"id\":\"1\"},\"timestamp\":1795320000000,\"message\":{\"mid\":\"d\",\"text\":\"x\"}}]}"
    "]}}",
    "{\"adapter\":\"whatsapp\",\"tenant\":\"acme\",\"received_at\":1795320000000,\"payload\":{\"object\":\"whatsapp_business_account\",\"entry\":[{"
    "\"id\":\"w\","
    "\"changes\":[{\"field\":\"messages\",\"value\":{\"metadata\":{\"phone_number_id\":\"p\"},\"contacts\":[{\"wa_id\":\"905321234567\",\"profile\":{"
    "\"name\":\"A\"}}],"
    "\"messages\":[{\"from\":\"905321234567\",\"id\":\"wamid.1\",\"timestamp\":\"1795320000\",\"type\":\"text\",\"text\":{\"body\":\"b\"}}]}}]}]}}",
    "{\"adapter\":\"email\",\"tenant\":\"acme\",\"received_at\":1795320000000,\"content_type\":\"message/rfc822\",\"body\":\"From: =?utf-8?Q?A?= "
    "<a@b.c>\\r\\n"
    "Message-ID: <1@b.c>\\r\\nDate: Sun, 22 Nov 2026 07:00:00 +0300\\r\\nContent-Type: multipart/mixed; "
    "boundary=b\\r\\n\\r\\n--b\\r\\n\\r\\nx\\r\\n> y\\r\\n--b--\"}",
};
enum { PAYLOADS = sizeof payloads / sizeof payloads[0] };

/* A copy with a few bytes changed, taken out or said again. */
static struct cx_str damaged(const char *text)
{
    static char out[4096];
    size_t len = strlen(text);
    memcpy(out, text, len);
    for (size_t n = 1 + below(4); n > 0 && len > 8; n--) {
        size_t at = below(len - 4), span = 1 + below(4);
        switch (below(4)) {
        case 0:
            out[at] = (char)below(256);
            break;
        case 1:
            out[at] = "{}[]\",:0\\n"[below(10)];
            break;
        case 2:
            memmove(out + at, out + at + span, len - at - span);
            len -= span;
            break;
        default:
            memmove(out + at + span, out + at, len - at);
            len += span;
        }
    }
    return cx_str_n(out, len);
}

static void check_outcomes(void)
{
    cr_assert_gt(raw.count, 0);
    for (size_t i = 0; i < raw.count && i < OUTCOMES_MAX; i++) {
        const struct cx_interaction *record = raw.outcomes[i].record;
        cr_assert_eq(record != NULL, strcmp(raw.outcomes[i].verdict, "emit") == 0);
        if (!record)
            continue;
        cr_assert(record->tenant.len > 0 && record->channel.len > 0 && record->native_id.len > 0 && record->kind.len > 0);
        cr_assert(record->text.ptr == NULL ||
                  (record->text.len > 0 && cx_utf8_valid(record->text) && !memchr(record->text.ptr, '\r', record->text.len)));
        cr_assert_geq(record->occurred_at, INT64_C(1104537600000));
        cr_assert_leq(record->occurred_at, record->ingested_at + 86400000);
    }
}

Test(normalize_property, damaged_payloads_always_end_in_a_verdict)
{
    for (int i = 0; i < ROUNDS; i++) {
        raw_stage_line(&raw, damaged(payloads[below(PAYLOADS)]));
        check_outcomes();
    }
}

Test(normalize_property, every_emitted_record_reads_back_as_itself)
{
    struct cx_buf first, second;
    cx_buf_init(&first, 1 << 20);
    cx_buf_init(&second, 1 << 20);
    for (int i = 0; i < ROUNDS; i++) {
        raw_stage_line(&raw, damaged(payloads[below(PAYLOADS)]));
        const struct cx_interaction *record = raw.count == 1 ? raw.outcomes[0].record : NULL;
        if (!record)
            continue;
        cx_buf_reset(&first);
        cx_interaction_schema.to_json(&first, record);
        raw_stage_line(&raw, cx_buf_view(&first));
        cr_assert_str_eq(raw.outcomes[0].verdict, "emit", "%.*s: %.*s", CX_STR_ARG(raw.outcomes[0].detail), CX_STR_ARG(cx_buf_view(&first)));
        cx_buf_reset(&second);
        cx_interaction_schema.to_json(&second, raw.outcomes[0].record);
        cr_assert(cx_str_eq(cx_buf_view(&first), cx_buf_view(&second)), "%.*s\n%.*s", CX_STR_ARG(cx_buf_view(&first)),
                  CX_STR_ARG(cx_buf_view(&second)));
    }
    cx_buf_free(&first);
    cx_buf_free(&second);
}

/* A batch of comments, some of them broken: the others come out as if they were alone. */
Test(normalize_property, broken_elements_leave_their_neighbours_alone)
{
    static const char *const broken[] = { "17",
                                          "null",
                                          "\"x\"",
                                          "[]",
                                          "{}",
                                          "{\"field\":\"comments\",\"value\":{\"text\":\"t\"}}",
                                          "{\"field\":\"comments\",\"value\":{\"id\":{},\"text\":\"t\"}}" };
    for (int round = 0; round < 300; round++) {
        bool is_broken[BATCH];
        struct cx_buf line;
        cx_buf_init(&line, 1 << 16);
        cx_buf_str(&line, CX_STR("{\"adapter\":\"instagram\",\"tenant\":\"a\",\"received_at\":1795320000000,\"payload\":{\"object\":\"instagram\","
                                 "\"entry\":[{\"id\":\"1\","
                                 "\"time\":1795320000,\"changes\":["));
        for (size_t i = 0; i < BATCH; i++) {
            is_broken[i] = below(3) == 0;
            cx_buf_format(&line, "%s", i ? "," : "");
            if (is_broken[i])
                cx_buf_str(&line, cx_str(broken[below(sizeof broken / sizeof broken[0])]));
            else
                cx_buf_format(&line, "{\"field\":\"comments\",\"value\":{\"id\":\"c%zu\",\"text\":\"t%zu\"}}", i, i);
        }
        cx_buf_str(&line, CX_STR("]}]}}"));
        raw_stage_line(&raw, cx_buf_view(&line));
        cr_assert_eq(raw.count, (size_t)BATCH);
        for (size_t i = 0; i < BATCH; i++) {
            cr_assert_eq(raw.outcomes[i].record == NULL, is_broken[i], "item %zu: %s", i, raw.outcomes[i].verdict);
            char id[8];
            snprintf(id, sizeof id, "c%zu", i);
            cr_assert(is_broken[i] || cx_str_is(raw.outcomes[i].record->native_id, id));
        }
        cx_buf_free(&line);
    }
}
