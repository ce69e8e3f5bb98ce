/* message_fuzz.c - any Kafka record through normalize and dedup: lines `name: value` are its headers, what follows an empty line is its value; a
 * first header `adapter` says by which adapter it is read. Every item must end once, whatever comes. */
#include "run/chain.h"
#include "run/registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADERS = 8 };
static struct cx_chain *chain;
static struct cx_task *task;

static int ignore_output(void *context, const struct cx_output *output)
{
    (void)context;
    cx_assert(output->key.len + output->value.len <= 1000000 + 65536);
    return 0;
}

static void count(void *context, const struct cx_ending *ending)
{
    cx_assert(ending->verdict >= CX_EMIT && ending->verdict <= CX_REJECT);
    ++*(int64_t *)context;
}

static void prepare(void)
{
    static const char yaml[] = "inputs:\n"
                               "  - {topic: canonical, tenant: acme, trust_headers: true}\n"
                               "  - {topic: instagram, adapter: instagram, tenant: acme}\n"
                               "  - {topic: whatsapp, adapter: whatsapp, tenant: acme, default_country: TR}\n"
                               "  - {topic: email, adapter: email, tenant: acme}\n";
    const struct cx_stage *stages[] = { cx_stage_find(CX_STR("normalize")), cx_stage_find(CX_STR("dedup")) };
    static struct cx_arena *arena; /* the chain's as long as it lives */
    struct cx_error err;
    arena = cx_arena_new(64 << 20);
    struct cx_chain_plan plan = { .stages = stages, .count = 2, .max_message = 1000000 };
    plan.root = cx_config_parse(arena, "fuzz", cx_str(yaml), &err);
    cx_assert(plan.root != NULL);
    chain = cx_chain_open(&plan, &err);
    if (chain == NULL)
        fprintf(stderr, "%s\n", err.text);
    cx_assert(chain != NULL);
    task = cx_task_new(chain, 0);
}

static size_t read_headers(struct cx_str *rest, struct cx_header headers[HEADERS])
{
    size_t n = 0;
    struct cx_str line;
    while (cx_str_cut(rest, '\n', &line) && line.len > 0) {
        struct cx_str value = line, name;
        if (n == HEADERS || !cx_str_cut(&value, ':', &name))
            continue;
        headers[n++] = (struct cx_header){ name, cx_str_trim(value) };
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const adapters[] = { "canonical", "instagram", "whatsapp", "email" };
    struct cx_header headers[HEADERS];
    struct cx_message m = { .topic = CX_STR("canonical"), .timestamp_ms = INT64_C(1790000000000), .value = cx_str_n(data, size), .headers = headers };
    int64_t endings = 0, items;
    struct cx_sink sink = { .context = &endings, .output = ignore_output, .ending = count };
    if (task == NULL)
        prepare();
    m.header_count = read_headers(&m.value, headers);
    for (size_t i = 0; i < 4 && m.header_count; i++)
        if (cx_str_is(headers[0].name, "adapter") && cx_str_is(headers[0].value, adapters[i]))
            m.topic = cx_str(adapters[i]);
    cx_task_settle(task, &m, &sink, &items);
    cx_assert(endings == items);
    cx_task_abort(task);
    return 0;
}
