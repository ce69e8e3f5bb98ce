/* The wire header and the resolution of an older and a newer writer's records; splicing of what was read. */
#include "codec/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OLDER 9001
#define NEWER 9002

/* Writers of an Interaction as it never was: fields fewer, more, in another order, of smaller types. */
static const char older[] =
    "{\"type\":\"record\",\"name\":\"Interaction\",\"namespace\":\"cx\",\"fields\":["
    "{\"name\":\"event_id\",\"type\":{\"type\":\"fixed\",\"name\":\"Id\",\"size\":16}},"
    "{\"name\":\"channel\",\"type\":\"string\"},{\"name\":\"tenant\",\"type\":\"bytes\"},{\"name\":\"kind\",\"type\":\"string\"},"
    "{\"name\":\"op\",\"type\":{\"type\":\"enum\",\"name\":\"Op\",\"symbols\":[\"delete\",\"create\",\"never\"]}},"
    "{\"name\":\"direction\",\"type\":{\"type\":\"enum\",\"name\":\"Direction\",\"symbols\":[\"inbound\"]}},"
    "{\"name\":\"occurred_at\",\"type\":\"int\"},{\"name\":\"ingested_at\",\"type\":\"int\"},"
    "{\"name\":\"source\",\"type\":{\"type\":\"record\",\"name\":\"Source\",\"fields\":[{\"name\":\"offset\",\"type\":\"long\"},"
    "{\"name\":\"partition\",\"type\":\"int\"},{\"name\":\"topic\",\"type\":\"string\"}]}},"
    "{\"name\":\"adapter\",\"type\":\"string\"},{\"name\":\"adapter_version\",\"type\":\"int\"},"
    "{\"name\":\"native_id\",\"type\":\"string\"},"
    "{\"name\":\"rating\",\"type\":{\"type\":\"record\",\"name\":\"Rating\",\"fields\":[{\"name\":\"value\",\"type\":\"float\"},"
    "{\"name\":\"scale\",\"type\":\"long\"}]}}]}";
static const char newer[] =
    "{\"type\":\"record\",\"name\":\"IdentityAlias\",\"namespace\":\"cx\",\"fields\":["
    "{\"name\":\"tree\",\"type\":{\"type\":\"record\",\"name\":\"Tree\",\"fields\":[{\"name\":\"leaves\",\"type\":"
    "{\"type\":\"array\",\"items\":[\"null\",\"string\",\"Tree\",{\"type\":\"map\",\"values\":\"Tree\"}]}}]}},"
    "{\"name\":\"from\",\"type\":{\"type\":\"fixed\",\"name\":\"Id\",\"size\":16}},{\"name\":\"to\",\"type\":\"Id\"},"
    "{\"name\":\"tenant\",\"type\":[\"string\",\"bytes\"]},{\"name\":\"epoch\",\"type\":[\"int\",\"long\",\"string\"]},"
    "{\"name\":\"op\",\"type\":{\"type\":\"enum\",\"name\":\"AliasOp\",\"symbols\":[\"split\",\"self\",\"rise\"]}},"
    "{\"name\":\"cause\",\"type\":{\"type\":\"record\",\"name\":\"Source\",\"fields\":[{\"name\":\"topic\",\"type\":\"string\"},"
    "{\"name\":\"partition\",\"type\":\"int\"},{\"name\":\"offset\",\"type\":\"int\"}]}},"
    "{\"name\":\"occurred_at\",\"type\":\"long\"}]}";

static struct cx_arena *prepared(void)
{
    static struct cx_arena *arena;
    if (arena == NULL) {
        arena = cx_arena_new(256 << 20);
        cx_assert(cx_schema_register(OLDER, cx_str(older), NULL) == 0);
        cx_assert(cx_schema_register(NEWER, cx_str(newer), NULL) == 0);
    }
    cx_arena_reset(arena);
    return arena;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cx_arena *arena = prepared();
    struct cx_str wire = cx_str_n(data, size);
    struct cx_interaction record;
    struct cx_identity_alias alias;
    struct cx_spliceable splice;
    struct cx_buf out, json;
    cx_buf_init(&out, 64 << 20);
    cx_buf_init(&json, 64 << 20);
    if (cx_interaction_open(arena, wire, &record, &splice) == CX_DECODE_OK) {
        cx_interaction_splice(&out, &record, &splice, CX_SECTION_DUPLICATE);
        cx_assert(cx_wire_decode(arena, cx_buf_view(&out), &cx_interaction_schema, &record) == CX_DECODE_OK);
    }
    cx_wire_decode(arena, wire, &cx_identity_alias_schema, &alias);
    cx_wire_to_json(arena, wire, &json);
    cx_buf_free(&out);
    cx_buf_free(&json);
    return 0;
}
