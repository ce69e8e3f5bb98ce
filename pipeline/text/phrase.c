/* phrase.c - the tree of phrases.
 *
 * Phrases are sorted by their heads. A node stands for all phrases that begin with the bytes on the way to it:
 *
 *     root -i-> -a-> -d-> "iade", "iade et*", ...       a small node lists its phrases instead of having children
 *
 * A walk goes down the tree by the bytes of the text and checks every phrase listed on the way. */
#include "text/phrase.h"
#include "text/chars.h"

#define NOWHERE   ((size_t)-1)
#define LEAF_MOST 3 /* phrases that are checked one by one rather than told apart by further nodes */

struct node {
    uint32_t first, end; /* phrases to check here: those whose head ends here, or all of a leaf */
    uint32_t children;   /* index of the child for byte `low`; 0 in the list: none */
    uint16_t low, span;  /* children are for bytes low .. low + span - 1 */
};
/* Up to eight bytes as they lie in memory. */
struct bytes8 {
    uint64_t value, mask;
    uint32_t len;
};
/* What Arabic writes on to the front of a word, in folded letters; at most four letters of two bytes. */
static const char *const clitics[] = { "ال",  "و",  "ب",  "ل",   "ف",   "ك",  "س", "لل", "وال", "بال", "فال", "كال",
                                       "ولل", "وب", "ول", "هال", "عال", "وس", "ه", "ح",  "ها",  "فلل", "وبال" };
#define CLITICS (sizeof clitics / sizeof *clitics)

struct phrase_tree {
    struct phrase *phrases;
    struct node *nodes;
    uint32_t *children;
    size_t node_count, node_cap, child_count, child_cap;
    struct bytes8 clitics[CLITICS];
};

static uint64_t load8(const char *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static struct bytes8 bytes8_of(struct cx_str s)
{
    char bytes[8] = { 0 }, mask[8] = { 0 };
    size_t n = s.len < 8 ? s.len : 8;
    memcpy(bytes, s.ptr, n);
    memset(mask, 0xff, n);
    return (struct bytes8){ load8(bytes), load8(mask), (uint32_t)s.len };
}

/* ---- words ---- */

bool phrase_is_word_at(struct cx_str text, size_t at)
{
    return at < text.len && (char_row(char_table(CX_FOLD_ANY), cx_utf8_next(text, &at)) & CHAR_WORD);
}

bool phrase_is_word_before(struct cx_str text, size_t end)
{
    if (end == 0)
        return false;
    size_t at = end - 1;
    while (at > 0 && ((unsigned char)text.ptr[at] & 0xc0) == 0x80)
        at--;
    return phrase_is_word_at(text, at);
}

static size_t word_end(struct cx_str text, size_t at)
{
    while (phrase_is_word_at(text, at))
        cx_utf8_next(text, &at);
    return at;
}

/* ---- reading ---- */

/* A star stands after something and before what ends a word: "iade*", "for * people". */
static bool are_stars_sound(struct cx_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '*' && (i == 0 || phrase_is_word_at(text, i + 1) || text.ptr[i - 1] == '*'))
            return false;
    return true;
}

static size_t count_characters(struct cx_str text)
{
    size_t n = 0;
    for (size_t at = 0; at < text.len; n++)
        cx_utf8_next(text, &at);
    return n;
}

bool phrase_read(struct phrase *phrase, const struct cx_pattern *pattern, struct cx_str text, const char **why)
{
    bool is_open = text.len > 0 && text.ptr[text.len - 1] == '*';
    struct cx_str written = cx_str_n(text.ptr, text.len - is_open);
    *why = !are_stars_sound(text)                                          ? "a * must end a word"
           : written.len == 0                                              ? "the phrase is empty"
           : (is_open || pattern->prefix) && count_characters(written) < 2 ? "one letter and a * match nearly everything"
                                                                           : NULL;
    if (*why != NULL)
        return false;
    ptrdiff_t star = cx_str_find(written, '*');
    *phrase = (struct phrase){
        .text = written, .head = (uint32_t)(star < 0 ? (ptrdiff_t)written.len : star), .clitics = pattern->clitics, .id = pattern->id
    };
    struct bytes8 eight = bytes8_of(cx_str_n(written.ptr, phrase->head));
    phrase->eight = eight.value;
    phrase->eight_mask = eight.mask;
    phrase->ends_at_word = !pattern->prefix && !is_open && phrase_is_word_before(written, written.len);
    return true;
}

/* ---- building ---- */

static int compare_phrases(const void *left, const void *right)
{
    const struct phrase *a = left, *b = right;
    return cx_str_cmp(cx_str_n(a->text.ptr, a->head), cx_str_n(b->text.ptr, b->head));
}

static uint32_t add_node(struct phrase_tree *tree)
{
    if (tree->node_count == tree->node_cap) {
        tree->node_cap = tree->node_cap ? tree->node_cap * 2 : 1024;
        tree->nodes = realloc(tree->nodes, tree->node_cap * sizeof *tree->nodes);
        cx_assert(tree->nodes != NULL);
    }
    tree->nodes[tree->node_count] = (struct node){ 0 };
    return (uint32_t)tree->node_count++;
}

static uint32_t add_children(struct phrase_tree *tree, size_t span)
{
    if (tree->child_count + span > tree->child_cap) {
        tree->child_cap = (tree->child_cap + span) * 2;
        tree->children = realloc(tree->children, tree->child_cap * sizeof *tree->children);
        cx_assert(tree->children != NULL);
    }
    memset(tree->children + tree->child_count, 0, span * sizeof *tree->children);
    tree->child_count += span;
    return (uint32_t)(tree->child_count - span);
}

static unsigned char byte_of(const struct phrase_tree *tree, uint32_t i, uint32_t depth)
{
    return (unsigned char)tree->phrases[i].text.ptr[depth];
}

/* The node of phrases [first, end), which agree in their first `depth` bytes. */
static uint32_t build(struct phrase_tree *tree, uint32_t first, uint32_t end, uint32_t depth)
{
    uint32_t number = add_node(tree), rest = first;
    while (rest < end && tree->phrases[rest].head == depth)
        rest++;
    if (end - rest <= LEAF_MOST)
        rest = end;
    struct node node = { .first = first, .end = rest };
    if (rest < end) {
        node.low = byte_of(tree, rest, depth);
        node.span = (uint16_t)(byte_of(tree, end - 1, depth) - node.low + 1);
        node.children = add_children(tree, node.span);
    }
    while (rest < end) {
        uint32_t next = rest + 1;
        while (next < end && byte_of(tree, next, depth) == byte_of(tree, rest, depth))
            next++;
        uint32_t child = build(tree, rest, next, depth + 1);
        tree->children[node.children + byte_of(tree, rest, depth) - node.low] = child;
        rest = next;
    }
    tree->nodes[number] = node;
    return number;
}

struct phrase_tree *phrase_tree_new(struct phrase *phrases, size_t n)
{
    struct phrase_tree *tree = calloc(1, sizeof *tree);
    cx_assert(tree != NULL);
    tree->phrases = phrases;
    for (size_t i = 0; i < CLITICS; i++)
        tree->clitics[i] = bytes8_of(cx_str(clitics[i]));
    if (n > 0)
        qsort(phrases, n, sizeof *phrases, compare_phrases);
    build(tree, 0, (uint32_t)n, 0);
    return tree;
}

void phrase_tree_free(struct phrase_tree *tree)
{
    if (tree == NULL)
        return;
    free(tree->nodes);
    free(tree->children);
    free(tree);
}

/* ---- walking ---- */

/* End of what follows the head, which ended at `at`; NOWHERE where something is missing. */
static size_t verify_rest(struct cx_str rest, struct cx_str text, size_t at)
{
    struct cx_str segment;
    cx_str_cut(&rest, '*', &segment); /* empty: rest starts with the star */
    while (cx_str_cut(&rest, '*', &segment)) {
        at = word_end(text, at);
        if (!cx_str_starts(cx_str_skip(text, at), segment))
            return NOWHERE;
        at += segment.len;
    }
    return at;
}

struct walk {
    const struct phrase_tree *tree;
    struct cx_str text;
    phrase_found_fn *found;
    void *context;
};

/* Most phrases that are checked differ in their first eight bytes; those may be read past the end of a folded text (CHAR_PAD). */
static inline void check(const struct walk *walk, const struct phrase *phrase, size_t start)
{
    if (((load8(walk->text.ptr + start) ^ phrase->eight) & phrase->eight_mask) != 0)
        return;
    size_t end = start + phrase->head;
    if (end > walk->text.len || (phrase->head > 8 && memcmp(walk->text.ptr + start, phrase->text.ptr, phrase->head) != 0))
        return;
    if (phrase->head < phrase->text.len)
        end = verify_rest(cx_str_skip(phrase->text, phrase->head), walk->text, end);
    if (end == NOWHERE || (phrase->ends_at_word && phrase_is_word_at(walk->text, end)))
        return;
    walk->found(walk->context, (struct cx_match){ phrase->id, (uint32_t)start, (uint32_t)end });
}

static void descend(const struct walk *walk, size_t start, bool after_clitic)
{
    const struct phrase_tree *tree = walk->tree;
    const struct node *node = &tree->nodes[0];
    for (size_t at = start;; at++) {
        for (uint32_t i = node->first; i < node->end; i++)
            if (!after_clitic || tree->phrases[i].clitics)
                check(walk, &tree->phrases[i], start);
        uint32_t byte = (unsigned char)walk->text.ptr[at] - (uint32_t)node->low; /* after the text stands a zero, which is in no phrase */
        uint32_t child = byte < node->span ? tree->children[node->children + byte] : 0;
        if (child == 0)
            return;
        node = &tree->nodes[child];
    }
}

/* Descends behind every clitic the word starts with. */
static void descend_behind_clitics(const struct walk *walk, const struct cx_token *token)
{
    uint64_t word = load8(walk->text.ptr + token->start);
    for (size_t i = 0; i < CLITICS; i++) {
        const struct bytes8 *clitic = &walk->tree->clitics[i];
        if (((word ^ clitic->value) & clitic->mask) == 0 && token->end - token->start > clitic->len)
            descend(walk, token->start + clitic->len, true);
    }
}

void phrase_tree_walk(const struct phrase_tree *tree, const struct cx_folded *folded, phrase_found_fn *found, void *context)
{
    struct walk walk = { tree, folded->text, found, context };
    for (size_t i = 0; i < folded->token_count; i++) {
        const struct cx_token *token = &folded->tokens[i];
        unsigned char byte = (unsigned char)folded->text.ptr[token->start];
        descend(&walk, token->start, false);
        if (byte >= 0xd8 && byte <= 0xda) /* Arabic letters */
            descend_behind_clitics(&walk, token);
    }
}
