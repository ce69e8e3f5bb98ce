/* sections.c - the nullable sections of a record: discarding what an input claims, adopting what a pipe's line brings. */
#include "run/chain_internal.h"

static const char *const section_names[CX_SECTIONS] = { [CX_SECTION_CLASSIFICATION] = "classification",
                                                        [CX_SECTION_DUPLICATE] = "duplicate",
                                                        [CX_SECTION_IDENTITY] = "identity",
                                                        [CX_SECTION_CONTEXT] = "context",
                                                        [CX_SECTION_ROUTING] = "routing" };

void cx_record_discard(struct cx_interaction *r, int from_section)
{
    switch (from_section) {
    case CX_SECTION_CLASSIFICATION:
        r->classification = NULL; /* fall through */
    case CX_SECTION_DUPLICATE:
        r->duplicate = NULL; /* fall through */
    case CX_SECTION_IDENTITY:
        r->identity = NULL; /* fall through */
    case CX_SECTION_CONTEXT:
        r->context = NULL; /* fall through */
    case CX_SECTION_ROUTING:
        r->routing = NULL; /* fall through */
    default:
        break;
    }
}

static bool is_section(struct cx_str name)
{
    for (int i = 0; i < CX_SECTIONS; i++)
        if (cx_str_is(name, section_names[i]))
            return true;
    return false;
}

static void add_member(struct cx_buf *out, const struct cx_json *member)
{
    cx_buf_byte(out, out->len ? ',' : '{');
    cx_json_string(out, member->key);
    cx_buf_byte(out, ':');
    cx_json_dump(out, member);
}

static struct cx_interaction *read_record(struct cx_arena *arena, const struct cx_json *node)
{
    struct cx_interaction *r = CX_NEW(arena, struct cx_interaction);
    struct cx_str path;
    const char *why;
    return cx_interaction_schema.from_json(arena, node, r, &path, &why) ? r : NULL;
}

void cx_line_adopt_sections(struct cx_arena *arena, struct cx_str line, struct cx_interaction **record, int before_section)
{
    struct cx_json_fault fault;
    const struct cx_json *given = cx_json_parse(arena, line, &fault);
    if (!given || given->type != CX_JSON_OBJECT)
        return;
    bool has_section = false;
    for (const struct cx_json *m = given->first; m; m = m->next)
        has_section = has_section || is_section(m->key) || cx_str_is(m->key, "event_id");
    if (!has_section)
        return;
    /* A record as one of our stages wrote it: every field is as given. */
    struct cx_interaction *whole = cx_json_get(given, CX_STR("event_id")) ? read_record(arena, given) : NULL;
    if (!whole) { /* canonical input with sections: fields from normalize, sections from the line */
        struct cx_buf merged;
        cx_buf_init(&merged, (size_t)64 << 20);
        cx_interaction_schema.to_json(&merged, *record);
        const struct cx_json *normal = cx_json_parse(arena, cx_arena_copy(arena, cx_buf_view(&merged)), &fault);
        cx_buf_reset(&merged);
        for (const struct cx_json *m = normal->first; m; m = m->next)
            if (!is_section(m->key))
                add_member(&merged, m);
        for (int i = 0; i < before_section && i < CX_SECTIONS; i++) {
            const struct cx_json *section = cx_json_get(given, cx_str(section_names[i]));
            if (section)
                add_member(&merged, section);
        }
        cx_buf_byte(&merged, '}');
        const struct cx_json *node = cx_json_parse(arena, cx_arena_copy(arena, cx_buf_view(&merged)), &fault);
        whole = node ? read_record(arena, node) : NULL;
        cx_buf_free(&merged);
    }
    if (whole) {
        cx_record_discard(whole, before_section);
        *record = whole;
    }
}
