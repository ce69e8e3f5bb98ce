/* mail_fuzz.c - any bytes as a mail: a tree of valid UTF-8 within bounds, or a fault; and the pieces that see bytes on their own. */
#include "stages/normalize/html.h"
#include "stages/normalize/mail.h"
#include "stages/normalize/mail_date.h"
#include "stages/normalize/mail_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t check_tree(const struct cx_json *node, int depth)
{
    size_t nodes = 1;
    cx_assert(depth <= 4);
    cx_assert(cx_utf8_valid(node->key) && cx_utf8_valid(node->text));
    cx_assert(node->text.len == 0 || memchr(node->text.ptr, '\0', node->text.len) == NULL);
    for (const struct cx_json *child = node->first; child != NULL; child = child->next)
        nodes += check_tree(child, depth + 1);
    return nodes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct cx_arena *arena;
    if (arena == NULL)
        arena = cx_arena_new((size_t)1 << 30);
    cx_arena_reset(arena);
    struct cx_str bytes = cx_str_n(data, size);
    struct normalize_fault fault = normalize_no_fault();
    const struct cx_json *tree = normalize_mail_decode(arena, bytes, &fault);
    cx_assert((tree == NULL) == (fault.reason != CX_PASSED));
    if (tree != NULL)
        check_tree(tree, 0);
    cx_assert(cx_arena_used(arena) <= 65536 + size * 200); /* memory is linear in the size */
    int64_t ms;
    normalize_mail_date(bytes, &ms);
    cx_assert(normalize_html_text(arena, bytes, NORMALIZE_HTML_MAIL).len <= size);
    cx_assert(normalize_mail_own_words(arena, bytes).len <= size);
    cx_assert(normalize_mail_unflow(arena, bytes, true).len <= size);
    return 0;
}
