#include "stages/normalize/receipt.h"
#include "stages/normalize/adapter.h"
#include "stages/normalize/canonical.h"
#include "stages/normalize/member.h"
#include "stages/normalize/phone.h"
#include "stages/normalize/tree.h"

/* ---- rows ---- */

static int row_string(const struct cx_node *row, const char *name, struct cx_str *out, struct cx_error *err)
{
    const struct cx_node *node = cx_node_get(row, name);
    if (node == NULL || node->type == CX_NODE_NULL || out->ptr != NULL)
        return 0;
    return cx_node_str(node, out, err);
}

static int row_bool(const struct cx_node *row, const char *name, bool *out, struct cx_error *err)
{
    const struct cx_node *node = cx_node_get(row, name);
    return node == NULL || *out ? 0 : cx_node_bool(node, out, err);
}

static int row_own_ids(const struct cx_node *row, struct cx_arena *arena, const struct cx_json **own_ids, struct cx_error *err)
{
    const struct cx_node *node = cx_node_get(row, "own_ids");
    if (node == NULL || *own_ids != NULL)
        return 0;
    if (node->type != CX_NODE_LIST)
        return cx_node_fail(node, err, "own_ids: expected a list of account ids");
    struct normalize_tree list = normalize_tree_new(arena, NULL, CX_STR_NULL, CX_JSON_ARRAY);
    for (const struct cx_node *id = node->first; id != NULL; id = id->next)
        normalize_tree_string(&list, CX_STR_NULL, id->text);
    *own_ids = list.node;
    return 0;
}

static int read_row(struct cx_arena *arena, const struct cx_node *row, struct normalize_input *input, struct cx_error *err)
{
    static const char *const members[] = { "topic",      "adapter", "tenant",          "brand",    "trust_headers",
                                           "generation", "own_ids", "default_country", "backfill", NULL };
    const struct cx_node *generation = cx_node_get(row, "generation");
    CX_TRY(cx_node_only(row, members, err));
    CX_TRY(row_string(row, "adapter", &input->adapter, err));
    CX_TRY(row_string(row, "tenant", &input->tenant, err));
    CX_TRY(row_string(row, "brand", &input->brand, err));
    CX_TRY(row_string(row, "default_country", &input->default_country, err));
    CX_TRY(row_bool(row, "trust_headers", &input->trust_headers, err));
    CX_TRY(row_bool(row, "backfill", &input->backfill, err));
    if (generation != NULL)
        CX_TRY(cx_node_i64(generation, 0, INT32_MAX, &input->generation, err));
    if (input->default_country.ptr != NULL && !normalize_phone_knows(input->default_country))
        return cx_node_fail(cx_node_get(row, "default_country"), err, "default_country: expected two letters of ISO 3166, such as TR");
    return row_own_ids(row, arena, &input->own_ids, err);
}

static struct normalize_input *row_of(struct normalize_input *inputs, size_t *count, struct cx_str topic)
{
    for (size_t i = 1; i < *count; i++)
        if (cx_str_eq(inputs[i].topic, topic))
            return &inputs[i];
    inputs[*count].topic = topic;
    return &inputs[(*count)++];
}

int normalize_inputs_load(struct normalize_self *self, const struct cx_env *env, struct cx_error *err)
{
    const struct cx_node *list = cx_node_get(env->root, "inputs");
    if (list != NULL && list->type != CX_NODE_LIST && list->type != CX_NODE_NULL)
        return cx_node_fail(list, err, "inputs: expected a list of rows with topic:");
    size_t rows = list != NULL ? list->count : 0, count = 1;
    struct normalize_input *inputs = CX_NEW_ARRAY(env->arena, struct normalize_input, rows + 1);
    for (const struct cx_node *row = rows > 0 ? list->first : NULL; row != NULL; row = row->next) {
        struct cx_str topic = CX_STR_NULL;
        CX_TRY(row_string(row, "topic", &topic, err));
        if (topic.len == 0)
            return cx_node_fail(row, err, "an input needs a topic:");
        struct normalize_input *input = row_of(inputs, &count, topic);
        CX_TRY(read_row(env->arena, row, input, err));
        if (input->adapter.ptr != NULL && normalize_adapter_find(self, input->adapter) == NULL)
            return cx_node_fail(row, err, "no adapter %.*s in schemas/channels", CX_STR_ARG(input->adapter));
    }
    self->inputs = inputs;
    self->input_count = count;
    return 0;
}

const struct normalize_input *normalize_input_of(const struct normalize_self *self, struct cx_str topic)
{
    for (size_t i = 1; i < self->input_count; i++)
        if (cx_str_eq(self->inputs[i].topic, topic))
            return &self->inputs[i];
    return &self->inputs[0];
}

/* ---- receipts ---- */

struct cx_str normalize_header(const struct cx_message *message, const char *name)
{
    for (size_t i = 0; i < message->header_count; i++)
        if (cx_str_is(message->headers[i].name, name))
            return message->headers[i].value;
    return CX_STR_NULL;
}

struct normalize_receipt *normalize_receipt_new(const struct normalize_self *self, struct cx_arena *arena, const struct cx_message *message)
{
    struct normalize_receipt *receipt = CX_NEW(arena, struct normalize_receipt);
    receipt->message = message;
    receipt->input = normalize_input_of(self, message->topic);
    receipt->country = receipt->input->default_country;
    return receipt;
}

static bool is_same_account(struct cx_str a, struct cx_str b)
{
    a = cx_str_skip(a, a.len > 0 && a.ptr[0] == '+');
    b = cx_str_skip(b, b.len > 0 && b.ptr[0] == '+');
    if (a.len != b.len || a.len == 0)
        return false;
    return cx_str_find(a, '@') > 0 ? strncasecmp(a.ptr, b.ptr, a.len) == 0 : memcmp(a.ptr, b.ptr, a.len) == 0;
}

bool normalize_is_own(const struct normalize_receipt *receipt, struct cx_str id)
{
    const struct cx_json *lists[] = { receipt->own_ids, receipt->input->own_ids };
    for (size_t i = 0; i < 2; i++)
        for (const struct cx_json *own = lists[i] != NULL ? lists[i]->first : NULL; own != NULL; own = own->next)
            if (is_same_account(own->text, id))
                return true;
    return false;
}

static bool check_own_ids(const struct normalize_member *m, const struct cx_json **own_ids)
{
    if (m->node->type != CX_JSON_ARRAY)
        return normalize_member_fail(m, NORMALIZE_WRONG_TYPE, "a list of ids");
    for (const struct cx_json *id = m->node->first; id != NULL; id = id->next)
        if (id->type != CX_JSON_STRING && id->type != CX_JSON_NUMBER)
            return normalize_member_fail(m, NORMALIZE_WRONG_TYPE, "a list of ids");
    *own_ids = m->node;
    return true;
}

static bool check_object(const struct normalize_member *m, const struct cx_json **object)
{
    if (m->node->type != CX_JSON_OBJECT)
        return normalize_member_fail(m, NORMALIZE_WRONG_TYPE, "an object");
    *object = m->node;
    return true;
}

static bool check_source(const struct normalize_member *m, struct normalize_receipt *receipt)
{
    struct cx_source *source = CX_NEW(m->arena, struct cx_source);
    receipt->source = source;
    return normalize_canonical_source(m->arena, m->node, source, m->fault);
}

static bool read_member(const struct normalize_member *m, struct normalize_receipt *receipt, struct normalize_envelope *envelope)
{
    struct cx_str name = m->node->key;
    bool is_pipe = receipt->message->is_pipe;
    if (cx_str_is(name, "adapter"))
        return normalize_member_string(m, &envelope->adapter);
    if (cx_str_is(name, "tenant"))
        return normalize_member_string(m, &receipt->tenant);
    if (cx_str_is(name, "brand"))
        return normalize_member_string(m, &receipt->brand);
    if (cx_str_is(name, "received_at"))
        return receipt->received_at.set = normalize_member_time(m, &receipt->received_at.value);
    if (cx_str_is(name, "ingested_at") && is_pipe)
        return receipt->ingested_at.set = normalize_member_time(m, &receipt->ingested_at.value);
    if (cx_str_is(name, "source") && is_pipe)
        return check_source(m, receipt);
    if (cx_str_is(name, "own_ids"))
        return check_own_ids(m, &receipt->own_ids);
    if (cx_str_is(name, "headers"))
        return check_object(m, &receipt->headers);
    if (cx_str_is(name, "context"))
        return check_object(m, &receipt->context);
    if (cx_str_is(name, "backfill"))
        return normalize_member_bool(m, &receipt->backfill);
    if (cx_str_is(name, "payload"))
        envelope->payload = m->node;
    if (cx_str_is(name, "body") && envelope->payload == NULL)
        envelope->payload = m->node;
    return true;
}

bool normalize_receipt_open(struct cx_arena *arena, const struct cx_json *object, struct normalize_receipt *receipt,
                            struct normalize_envelope *envelope, struct normalize_fault *fault)
{
    *envelope = (struct normalize_envelope){ 0 };
    for (const struct cx_json *node = object->first; node != NULL; node = node->next) {
        struct normalize_member m = { arena, fault, NULL, -1, node };
        if (node->type != CX_JSON_NULL && !read_member(&m, receipt, envelope))
            return false;
    }
    const struct cx_json *country = cx_json_get(receipt->context, CX_STR("default_country"));
    if (country != NULL && country->type == CX_JSON_STRING)
        receipt->country = country->text;
    return envelope->payload != NULL || normalize_fail(fault, NORMALIZE_MISSING_FIELD, CX_STR("payload"));
}
