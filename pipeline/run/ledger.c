/* ledger.c - counting endings and writing them as cx.Ledger records. */
#include "run/ledger.h"

void cx_ledger_reset(struct cx_ledger_page *page)
{
    page->first_offset = page->next_offset = -1;
    page->records = page->items = page->emitted = 0;
    page->count = page->drop_count = 0;
}

void cx_ledger_free(struct cx_ledger_page *page)
{
    free(page->drops);
    page->drops = NULL;
    page->drop_cap = 0;
}

static uint32_t find_count(struct cx_ledger_page *page, const struct cx_ending *e)
{
    for (uint32_t i = 0; i < page->count; i++)
        if (page->counts[i].reason == e->reason && page->counts[i].stage == e->stage)
            return i;
    cx_assert(page->count < CX_LEDGER_REASONS);
    page->counts[page->count] = (struct cx_ledger_count){ e->stage, e->reason, e->verdict, 0 };
    return (uint32_t)page->count++;
}

void cx_ledger_add(struct cx_ledger_page *page, const struct cx_ending *e)
{
    if (e->verdict == CX_EMIT) {
        page->emitted++;
        return;
    }
    uint32_t at = find_count(page, e);
    page->counts[at].items++;
    if (e->verdict == CX_REJECT)
        return;
    if (page->drop_count == page->drop_cap) {
        page->drop_cap = page->drop_cap ? page->drop_cap * 2 : 256;
        page->drops = realloc(page->drops, page->drop_cap * sizeof *page->drops);
        cx_assert(page->drops != NULL);
    }
    page->drops[page->drop_count++] = (struct cx_drop_mark){ e->message->offset, e->index, at };
}

void cx_ledger_check(const struct cx_ledger_page *page)
{
    int64_t out = page->emitted;
    for (size_t i = 0; i < page->count; i++)
        out += page->counts[i].items;
    cx_assert(out == page->items);
}

static struct cx_i64_map counts_of(const struct cx_ledger_page *page, struct cx_arena *arena, const struct cx_str *names, enum cx_verdict verdict)
{
    struct cx_i64_entry *entries = CX_NEW_ARRAY(arena, struct cx_i64_entry, page->count + 1);
    size_t n = 0;
    for (size_t i = 0; i < page->count; i++)
        if (page->counts[i].verdict == verdict)
            entries[n++] = (struct cx_i64_entry){ names[i], page->counts[i].items };
    return (struct cx_i64_map){ entries, n };
}

void cx_ledger_encode(const struct cx_ledger_page *page, struct cx_arena *arena, const char *chain, const char *topic, int32_t partition,
                      enum cx_ledger_kind kind, int64_t time_ms, const char *config_hash, struct cx_buf *out)
{
    struct cx_str *names = CX_NEW_ARRAY(arena, struct cx_str, page->count + 1);
    for (size_t i = 0; i < page->count; i++)
        names[i] = cx_arena_format(arena, "%s/%s", page->counts[i].stage, page->counts[i].reason->name);
    struct cx_ledger_drop *drops = CX_NEW_ARRAY(arena, struct cx_ledger_drop, page->drop_count + 1);
    for (size_t i = 0; i < page->drop_count; i++)
        drops[i] = (struct cx_ledger_drop){ .offset = page->drops[i].offset, .index = page->drops[i].index, .reason = names[page->drops[i].reason] };
    struct cx_ledger record;
    cx_ledger_init(&record);
    record.kind = kind;
    record.chain = cx_str(chain);
    record.topic = cx_str(topic);
    record.partition = partition;
    record.first_offset = page->first_offset;
    record.next_offset = page->next_offset;
    record.records = page->records;
    record.items = page->items;
    record.emitted = page->emitted;
    record.absorbed = counts_of(page, arena, names, CX_ABSORB);
    record.dropped = counts_of(page, arena, names, CX_DROP);
    record.rejected = counts_of(page, arena, names, CX_REJECT);
    record.drops = (struct cx_ledger_drop_list){ drops, page->drop_count };
    record.time = time_ms;
    record.config_hash = cx_str(config_hash);
    cx_wire_encode(out, &cx_ledger_schema, &record);
}
