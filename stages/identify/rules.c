/* rules.c - the tables of types and of blocked values, with what the config adds. */
#include "stages/identify/identifier.h"

#define IDENTIFIER_TYPE(name, class_, form_, scoped_) { name, { IDENTIFY_##class_, IDENTIFY_##form_, scoped_ } },
static const struct {
    const char *name;
    struct identify_type type;
} known_types[] = {
#include "stages/identify/types.def"
};
#define KNOWN_TYPES (sizeof known_types / sizeof *known_types)

/* What systems write where they have nothing to write. */
static const char *const blocked_words[] = { "-1", "null", "none", "nil", "nan", "n/a", "anonymous", "undefined", "unknown", "not set", "(not set)" };
#define BLOCKED_WORDS (sizeof blocked_words / sizeof *blocked_words)

static const char *const class_names[] = { "unique", "strong", "weak", "evidence" };

static int add_type(struct identify_rules *rules, const struct cx_node *node, struct cx_error *err)
{
    struct cx_str name;
    CX_TRY(cx_node_str(node, &name, err));
    for (int class = 0; class < 4; class ++) {
        if (!cx_str_is(name, class_names[class]))
            continue;
        int number = identify_names_find(&rules->type_names, node->key);
        if (number < 0)
            number = identify_names_add(&rules->type_names, node->key);
        rules->types[number].class = (enum identify_class) class;
        return 0;
    }
    const char *meant = cx_did_you_mean(name, class_names, 4);
    return cx_node_fail(node, err, "'%.*s' is no class of identifiers: unique, strong, weak or evidence%s%s%s", CX_STR_ARG(name),
                        meant ? " (did you mean " : "", meant ? meant : "", meant ? "?)" : "");
}

static int add_blocked(struct identify_rules *rules, const struct cx_node *node, struct cx_arena *arena, struct cx_error *err)
{
    struct cx_str value;
    CX_TRY(cx_node_str(node, &value, err));
    value = cx_arena_copy(arena, cx_str_trim(value));
    if (value.len == 0 || value.len > IDENTIFY_MOST)
        return cx_node_fail(node, err, "a blocked value has 1 to %d bytes", IDENTIFY_MOST);
    for (size_t i = 0; i < value.len; i++)
        ((char *)value.ptr)[i] = value.ptr[i] >= 'A' && value.ptr[i] <= 'Z' ? (char)(value.ptr[i] + 32) : value.ptr[i];
    if (value.ptr[value.len - 1] == '*')
        rules->blocked_prefixes[rules->blocked_prefix_count++] = cx_str_n(value.ptr, value.len - 1);
    else
        identify_names_add(&rules->blocked, value);
    return 0;
}

int identify_rules_open(struct identify_rules *rules, const struct cx_node *types, const struct cx_node *blocked, struct cx_arena *arena,
                        struct cx_error *err)
{
    if (types && types->type != CX_NODE_MAP)
        return cx_node_fail(types, err, "types is a map of identifier types to classes, like {loyalty_no: unique}");
    if (blocked && blocked->type != CX_NODE_LIST)
        return cx_node_fail(blocked, err, "blocked is a list of values, like [void, \"test@*\"]");
    uint32_t more_types = types ? (uint32_t)types->count : 0, more_blocked = blocked ? (uint32_t)blocked->count : 0;
    identify_names_init(&rules->type_names, arena, KNOWN_TYPES + more_types);
    rules->types = CX_NEW_ARRAY(arena, struct identify_type, KNOWN_TYPES + more_types);
    for (size_t i = 0; i < KNOWN_TYPES; i++)
        rules->types[identify_names_add(&rules->type_names, cx_str(known_types[i].name))] = known_types[i].type;
    for (const struct cx_node *node = types ? types->first : NULL; node; node = node->next)
        CX_TRY(add_type(rules, node, err));

    identify_names_init(&rules->blocked, arena, BLOCKED_WORDS + more_blocked);
    rules->blocked_prefixes = CX_NEW_ARRAY(arena, struct cx_str, more_blocked);
    for (size_t i = 0; i < BLOCKED_WORDS; i++)
        identify_names_add(&rules->blocked, cx_str(blocked_words[i]));
    for (const struct cx_node *node = blocked ? blocked->first : NULL; node; node = node->next)
        CX_TRY(add_blocked(rules, node, arena, err));
    return 0;
}
