/* Compiling expressions: paths, conditions and the YAML forms around them. */
#include "stages/normalize/expression.h"

enum { TOKENS_MAX = 24, STEPS_MAX = 16, PARTS_MAX = 32 };

static bool is_path_text(struct cx_str s)
{
    return s.len > 0 && (s.ptr[0] == '.' || s.ptr[0] == '$');
}

/* ---- paths ---- */

struct normalize_reads *normalize_read_member(const struct normalize_compiler *c, struct normalize_reads *in, struct cx_str name)
{
    for (struct normalize_reads *r = in->first; r != NULL; r = r->next)
        if (cx_str_eq(r->name, name))
            return r;
    struct normalize_reads *r = CX_NEW(c->arena, struct normalize_reads);
    r->name = cx_arena_copy(c->arena, name);
    r->next = in->first;
    in->first = r;
    return r;
}

static void note_read(const struct normalize_compiler *c, const struct normalize_path *path)
{
    struct normalize_reads *r = c->reads;
    if (r == NULL || path->start != PATH_HERE)
        return;
    for (size_t i = 0; i < path->count && path->steps[i].kind == STEP_MEMBER; i++)
        r = normalize_read_member(c, r, path->steps[i].name);
    r->is_whole = true;
}

static int compile_start(const struct normalize_compiler *c, const struct cx_node *at, struct cx_str name, struct normalize_path *path,
                         struct cx_error *err)
{
    static const struct {
        const char *name;
        enum path_start start;
    } known[] = { { "", PATH_PAYLOAD }, { "own_ids", PATH_OWN_IDS }, { "headers", PATH_HEADERS }, { "context", PATH_CONTEXT } };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (cx_str_is(name, known[i].name)) {
            path->start = known[i].start;
            return 0;
        }
    path->start = PATH_LIST;
    for (path->list = 0; path->list < NORMALIZE_LISTS_MAX; path->list++)
        if (cx_str_eq(c->lists[path->list], name))
            return 0;
    return cx_node_fail(at, err, "$%.*s: no list of that name is walked; also known: $own_ids, $headers, $context", CX_STR_ARG(name));
}

static int compile_operand(const struct normalize_compiler *c, const struct cx_node *at, struct cx_str text, struct normalize_operand *operand,
                           struct cx_error *err)
{
    *operand = (struct normalize_operand){ 0 };
    if (is_path_text(text))
        return normalize_compile_path(c, at, text, &operand->path, err);
    bool is_quoted = text.len >= 2 && text.ptr[0] == '\'' && text.ptr[text.len - 1] == '\'';
    operand->constant = cx_arena_copy(c->arena, is_quoted ? cx_str_n(text.ptr + 1, text.len - 2) : text);
    return 0;
}

/* What stands between brackets: a number, "last", or name=operand. */
static int compile_bracket(const struct normalize_compiler *c, const struct cx_node *at, struct cx_str text, struct normalize_step *step,
                           struct cx_error *err)
{
    ptrdiff_t equals = cx_str_find(text, '=');
    if (equals > 0) {
        struct normalize_operand *operand = CX_NEW(c->arena, struct normalize_operand);
        struct normalize_compiler inner = *c;
        inner.reads = NULL;
        *step = (struct normalize_step){ .kind = STEP_SELECT,
                                         .name = cx_arena_copy(c->arena, cx_str_trim(cx_str_n(text.ptr, (size_t)equals))),
                                         .equals = operand };
        return compile_operand(&inner, at, cx_str_trim(cx_str_skip(text, (size_t)equals + 1)), operand, err);
    }
    step->kind = cx_str_is(text, "last") ? STEP_LAST : STEP_INDEX;
    if (step->kind == STEP_INDEX && (!cx_str_to_i64(text, &step->index) || step->index < 0))
        return cx_node_fail(at, err, "[%.*s]: expected an index, last, or member=value", CX_STR_ARG(text));
    return 0;
}

int normalize_compile_path(const struct normalize_compiler *c, const struct cx_node *at, struct cx_str text, const struct normalize_path **path,
                           struct cx_error *err)
{
    struct normalize_path *made = CX_NEW(c->arena, struct normalize_path);
    struct normalize_step *steps = CX_NEW_ARRAY(c->arena, struct normalize_step, STEPS_MAX);
    size_t i = 0;
    if (text.ptr[0] == '$') {
        while (i < text.len && text.ptr[i] != '.' && text.ptr[i] != '[')
            i++;
        CX_TRY(compile_start(c, at, cx_str_n(text.ptr + 1, i - 1), made, err));
    }
    while (i < text.len && made->count < STEPS_MAX) {
        char opens = text.ptr[i];
        size_t begin = ++i;
        while (i < text.len && (opens == '[' ? text.ptr[i] != ']' : text.ptr[i] != '.' && text.ptr[i] != '['))
            i++;
        struct cx_str name = cx_str_n(text.ptr + begin, i - begin);
        struct normalize_step *step = &steps[made->count];
        if (opens == '[' && i == text.len)
            return cx_node_fail(at, err, "%.*s: a [ is not closed", CX_STR_ARG(text));
        if (opens == '[') {
            CX_TRY(compile_bracket(c, at, name, step, err));
            i++;
        } else if (name.len == 0 && i == text.len && made->count == 0) {
            break; /* "." alone */
        } else if (name.len == 0) {
            return cx_node_fail(at, err, "%.*s: a member name is missing", CX_STR_ARG(text));
        } else {
            step->name = cx_arena_copy(c->arena, name);
        }
        made->count++;
    }
    if (i < text.len)
        return cx_node_fail(at, err, "%.*s: more than %d steps", CX_STR_ARG(text), STEPS_MAX);
    if (made->start == PATH_HEADERS && (made->count == 0 || steps[0].kind != STEP_MEMBER))
        return cx_node_fail(at, err, "$headers needs the name of one: $headers.x-topic");
    made->steps = steps;
    note_read(c, made);
    *path = made;
    return 0;
}

/* ---- conditions ---- */

/* Words between blanks; 'quoted words' and [brackets] hold together. */
static size_t words_of(struct cx_str text, struct cx_str words[TOKENS_MAX])
{
    size_t count = 0, begin = 0;
    bool quoted = false, bracket = false;
    for (size_t i = 0; i <= text.len && count < TOKENS_MAX; i++) {
        char ch = i < text.len ? text.ptr[i] : ' ';
        if (ch == '\'' && i < text.len)
            quoted = !quoted;
        bracket = ch == '[' || (bracket && ch != ']');
        if (ch == ' ' && ((!quoted && !bracket) || i == text.len)) {
            if (i > begin)
                words[count++] = cx_str_n(text.ptr + begin, i - begin);
            begin = i + 1;
        }
    }
    return count;
}

static const struct {
    const char *word;
    enum condition_kind kind;
    bool is_negated;
} comparisons[] = { { "==", IF_EQUAL, false },          { "!=", IF_EQUAL, true },   { "in", IF_IN, false },
                    { "contains", IF_CONTAINS, false }, { ">", IF_GREATER, false }, { "is", IF_TYPE, false } };

static int compile_comparison(const struct normalize_compiler *c, const struct cx_node *node, const struct cx_str *words, size_t n,
                              struct normalize_condition *condition, struct cx_error *err)
{
    size_t row = 0, rows = sizeof comparisons / sizeof comparisons[0];
    while (row < rows && !cx_str_is(words[0], comparisons[row].word))
        row++;
    if (row == rows || n < 2 || (n > 2 && comparisons[row].kind != IF_IN))
        return cx_node_fail(node, err, "expected `.path`, or `.path == value`, with ==, !=, >, in, contains or is");
    struct normalize_operand *right = CX_NEW_ARRAY(c->arena, struct normalize_operand, n - 1);
    for (size_t i = 1; i < n; i++)
        CX_TRY(compile_operand(c, node, words[i], &right[i - 1], err));
    condition->kind = comparisons[row].kind;
    condition->is_negated ^= comparisons[row].is_negated;
    condition->right = right;
    condition->count = n - 1;
    return 0;
}

static int compile_condition(const struct normalize_compiler *c, const struct cx_node *node, struct normalize_condition *condition,
                             struct cx_error *err);

static int compile_conditions(const struct normalize_compiler *c, const struct cx_node *list, enum condition_kind kind,
                              struct normalize_condition *condition, struct cx_error *err)
{
    struct normalize_condition *parts = CX_NEW_ARRAY(c->arena, struct normalize_condition, list->count);
    size_t i = 0;
    for (const struct cx_node *n = list->first; n != NULL; n = n->next)
        CX_TRY(compile_condition(c, n, &parts[i++], err));
    condition->kind = kind;
    condition->parts = parts;
    condition->count = i;
    return 0;
}

static int compile_condition(const struct normalize_compiler *c, const struct cx_node *node, struct normalize_condition *condition,
                             struct cx_error *err)
{
    static const char *const members[] = { "any", "all", NULL };
    struct cx_str words[TOKENS_MAX];
    if (node->type == CX_NODE_LIST)
        return compile_conditions(c, node, IF_ALL, condition, err);
    if (node->type == CX_NODE_MAP) {
        const struct cx_node *any = cx_node_get(node, "any"), *list = any != NULL ? any : cx_node_get(node, "all");
        CX_TRY(cx_node_only(node, members, err));
        if (list == NULL || list->type != CX_NODE_LIST)
            return cx_node_fail(node, err, "expected any: or all: and a list of conditions");
        return compile_conditions(c, list, any != NULL ? IF_ANY : IF_ALL, condition, err);
    }
    size_t n = node->type == CX_NODE_SCALAR ? words_of(node->text, words) : 0, first = n > 0 && cx_str_is(words[0], "not") ? 1 : 0;
    if (n <= first || !is_path_text(words[first]))
        return cx_node_fail(node, err, "expected a condition, such as `.type == text`");
    condition->is_negated = first == 1;
    CX_TRY(compile_operand(c, node, words[first], &condition->left, err));
    if (n == first + 1)
        return 0;
    return compile_comparison(c, node, words + first + 1, n - first - 1, condition, err);
}

int normalize_compile_condition(const struct normalize_compiler *c, const struct cx_node *node, const struct normalize_condition **condition,
                                struct cx_error *err)
{
    *condition = NULL;
    if (node == NULL)
        return 0;
    struct normalize_condition *made = CX_NEW(c->arena, struct normalize_condition);
    *condition = made;
    return compile_condition(c, node, made, err);
}

/* ---- expressions ---- */

static void make_constant(const struct normalize_compiler *c, struct cx_str text, struct normalize_expression *e)
{
    e->kind = GIVES_CONSTANT;
    e->constant = (struct cx_json){ .type = CX_JSON_STRING, .text = cx_arena_copy(c->arena, text) };
}

/* `.path | function | function` */
static int compile_pipeline(const struct normalize_compiler *c, const struct cx_node *node, struct cx_str text, struct normalize_expression *e,
                            struct cx_error *err)
{
    struct cx_str rest = text, piece;
    cx_str_cut(&rest, '|', &piece);
    e->kind = GIVES_PATH;
    CX_TRY(normalize_compile_path(c, node, cx_str_trim(piece), &e->path, err));
    for (size_t i = 0; cx_str_cut(&rest, '|', &piece); i++) {
        piece = cx_str_trim(piece);
        if (i == FUNCTIONS_MAX)
            return cx_node_fail(node, err, "more than %d functions", FUNCTIONS_MAX);
        e->functions[i] = normalize_function_find(piece);
        if (e->functions[i] != NULL)
            continue;
        const char *names[32];
        size_t n = 0;
        for (; normalize_functions[n].name != NULL && n < 32; n++)
            names[n] = normalize_functions[n].name;
        const char *nearest = cx_did_you_mean(piece, names, n);
        return cx_node_fail(node, err, "no function %.*s%s%s", CX_STR_ARG(piece), nearest ? "; did you mean " : "", nearest ? nearest : "");
    }
    return 0;
}

/* "{.chat.id}:{.message_id}" */
static int compile_template(const struct normalize_compiler *c, const struct cx_node *node, struct cx_str text, struct normalize_expression *e,
                            struct cx_error *err)
{
    struct normalize_expression *parts = CX_NEW_ARRAY(c->arena, struct normalize_expression, PARTS_MAX);
    e->kind = GIVES_TEMPLATE;
    e->parts = parts;
    e->separator = CX_STR("");
    for (size_t at = 0; at < text.len;) {
        char opens = text.ptr[at];
        struct cx_str rest = cx_str_skip(text, at + (opens == '{'));
        ptrdiff_t end = cx_str_find(rest, opens == '{' ? '}' : '{');
        if (opens == '{' && end < 0)
            return cx_node_fail(node, err, "a { is not closed");
        if (e->count == PARTS_MAX)
            return cx_node_fail(node, err, "more than %d parts", PARTS_MAX);
        struct cx_str piece = cx_str_n(rest.ptr, end < 0 ? rest.len : (size_t)end);
        struct normalize_expression *part = &parts[e->count++];
        if (opens != '{')
            make_constant(c, piece, part);
        else if (!is_path_text(piece))
            return cx_node_fail(node, err, "{%.*s}: expected a path", CX_STR_ARG(piece));
        else
            CX_TRY(compile_pipeline(c, node, piece, part, err));
        at += piece.len + (opens == '{' ? 2 : 0);
    }
    return 0;
}

static int compile_list(const struct normalize_compiler *c, const struct cx_node *list, enum expression_kind kind, struct normalize_expression *e,
                        struct cx_error *err)
{
    struct normalize_expression *parts = CX_NEW_ARRAY(c->arena, struct normalize_expression, list->count);
    e->kind = kind;
    e->parts = parts;
    for (const struct cx_node *n = list->first; n != NULL; n = n->next)
        CX_TRY(normalize_compile(c, n, &parts[e->count++], err));
    return 0;
}

static int compile_table(const struct normalize_compiler *c, const struct cx_node *node, struct normalize_expression *e, struct cx_error *err)
{
    static const char *const members[] = { "of", "table", "else", NULL };
    const struct cx_node *table = cx_node_get(node, "table"), *other = cx_node_get(node, "else");
    CX_TRY(cx_node_only(node, members, err));
    if (table == NULL || table->type != CX_NODE_MAP)
        return cx_node_fail(node, err, "`of` needs a `table:` of value: value rows");
    struct normalize_expression *parts = CX_NEW_ARRAY(c->arena, struct normalize_expression, 2);
    struct cx_str_entry *rows = CX_NEW_ARRAY(c->arena, struct cx_str_entry, table->count);
    e->kind = GIVES_TABLE;
    e->parts = parts;
    e->rows = rows;
    CX_TRY(normalize_compile(c, cx_node_get(node, "of"), &parts[0], err));
    if (other != NULL)
        CX_TRY(normalize_compile(c, other, &parts[1], err));
    for (const struct cx_node *n = table->first; n != NULL; n = n->next)
        rows[e->row_count++] =
            (struct cx_str_entry){ cx_arena_copy(c->arena, n->key), n->type == CX_NODE_SCALAR ? cx_arena_copy(c->arena, n->text) : CX_STR_NULL };
    return 0;
}

static int compile_map(const struct normalize_compiler *c, const struct cx_node *node, struct normalize_expression *e, struct cx_error *err)
{
    static const char *const choice[] = { "when", "use", "else", NULL }, *const join[] = { "join", "with", NULL };
    const struct cx_node *list = cx_node_get(node, "join"), *with = cx_node_get(node, "with");
    if (cx_node_get(node, "of") != NULL)
        return compile_table(c, node, e, err);
    if (list != NULL) {
        CX_TRY(cx_node_only(node, join, err));
        e->separator = with != NULL ? cx_arena_copy(c->arena, with->text) : CX_STR("");
        return list->type == CX_NODE_LIST ? compile_list(c, list, GIVES_JOINED, e, err) : cx_node_fail(list, err, "expected a list of parts");
    }
    CX_TRY(cx_node_only(node, choice, err));
    const struct cx_node *when = cx_node_get(node, "when"), *use = cx_node_get(node, "use"), *other = cx_node_get(node, "else");
    if (when == NULL || use == NULL)
        return cx_node_fail(node, err, "expected when: and use:, of: and table:, or join:");
    struct normalize_expression *parts = CX_NEW_ARRAY(c->arena, struct normalize_expression, 2);
    e->kind = GIVES_CHOICE;
    e->parts = parts;
    CX_TRY(normalize_compile_condition(c, when, &e->condition, err));
    CX_TRY(normalize_compile(c, use, &parts[0], err));
    return other != NULL ? normalize_compile(c, other, &parts[1], err) : 0;
}

int normalize_compile(const struct normalize_compiler *c, const struct cx_node *node, struct normalize_expression *e, struct cx_error *err)
{
    *e = (struct normalize_expression){ 0 };
    switch (node->type) {
    case CX_NODE_NULL:
        return 0;
    case CX_NODE_LIST:
        return compile_list(c, node, GIVES_FIRST, e, err);
    case CX_NODE_MAP:
        return compile_map(c, node, e, err);
    case CX_NODE_SCALAR:
        break;
    }
    if (is_path_text(node->text))
        return compile_pipeline(c, node, node->text, e, err);
    if (cx_str_find(node->text, '{') >= 0)
        return compile_template(c, node, node->text, e, err);
    make_constant(c, node->text, e);
    return 0;
}
