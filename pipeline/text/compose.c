/* compose.c - canonical order and composition for the few texts that hold decomposed letters. */
#include "text/chars.h"
#include <utf8proc.h>

#define PARTS_MAX  8
#define NO_STARTER ((size_t)-1)

static int combining_class(uint32_t row)
{
    return utf8proc_get_property((int32_t)(row & CHAR_CODE))->combining_class;
}

/* Every row taken apart, each part at its letter's place. */
static struct char_run decompose(struct cx_arena *arena, const struct char_table *table, struct char_run in)
{
    struct char_run out = { cx_arena_alloc(arena, in.len * PARTS_MAX * sizeof *out.rows + 1),
                            cx_arena_alloc(arena, in.len * PARTS_MAX * sizeof *out.origin + 1), 0 };
    for (size_t i = 0; i < in.len; i++) {
        int32_t parts[PARTS_MAX];
        ssize_t n = utf8proc_decompose_char((int32_t)(in.rows[i] & CHAR_CODE), parts, PARTS_MAX, UTF8PROC_DECOMPOSE, NULL);
        cx_assert(n > 0 && n <= PARTS_MAX);
        uint32_t class = in.rows[i] & ~(CHAR_CODE | CHAR_COMBINES);
        for (ssize_t k = 0; k < n; k++) {
            uint32_t row = char_row(table, (uint32_t)parts[k]);
            out.rows[out.len] = n == 1 ? in.rows[i] : (uint32_t)parts[k] | (k == 0 ? class : row & ~(CHAR_CODE | CHAR_SPECIAL));
            out.origin[out.len++] = in.origin[i];
        }
    }
    return out;
}

/* Marks that follow a letter, by combining class; equal classes keep their order. */
static void order_marks(struct char_run run)
{
    for (size_t i = 1; i < run.len; i++) {
        uint32_t row = run.rows[i], origin = run.origin[i];
        int class = combining_class(row);
        size_t at = i;
        for (; class != 0 && at > 0 && combining_class(run.rows[at - 1]) > class; at--) {
            run.rows[at] = run.rows[at - 1];
            run.origin[at] = run.origin[at - 1];
        }
        run.rows[at] = row;
        run.origin[at] = origin;
    }
}

/* The one code point two make, or 0. */
static uint32_t pair(uint32_t first, uint32_t second)
{
    int32_t both[2] = { (int32_t)(first & CHAR_CODE), (int32_t)(second & CHAR_CODE) };
    return utf8proc_normalize_utf32(both, 2, UTF8PROC_COMPOSE | UTF8PROC_STABLE) == 1 ? (uint32_t)both[0] : 0;
}

/* i with a dot above is i: what İ leaves behind when it came in two parts. */
static bool is_dotted_i(uint32_t first, uint32_t second)
{
    return (second & CHAR_CODE) == 0x307 && ((first & CHAR_CODE) == 'i' || (first & CHAR_CODE) == 0x131);
}

/* Joins marks to their letters. What is joined folds at once (ё is е), so that a second mark of the kind vanishes too. */
static struct char_run join(const struct char_table *table, struct char_run run, bool strip_marks)
{
    size_t starter = NO_STARTER, len = 0;
    int last_class = 0;
    for (size_t i = 0; i < run.len; i++) {
        uint32_t row = run.rows[i];
        int class = combining_class(row);
        bool is_near = starter != NO_STARTER && (last_class < class || (last_class == 0 && len == starter + 1));
        if (is_near && len == starter + 1 && is_dotted_i(run.rows[starter], row)) {
            run.rows[starter] = (run.rows[starter] & ~CHAR_CODE) | 'i';
            continue;
        }
        uint32_t joined = is_near ? pair(run.rows[starter], row) : 0;
        if (joined != 0) {
            uint32_t folded = char_row(table, joined);
            run.rows[starter] = (run.rows[starter] & ~CHAR_CODE) | (folded & CHAR_SPECIAL ? joined : folded & CHAR_CODE);
            continue;
        }
        if (strip_marks && (row & CHAR_CODE) >= 0x300 && (row & CHAR_CODE) < 0x370)
            continue;
        if (class == 0)
            starter = len;
        last_class = class;
        run.rows[len] = row;
        run.origin[len++] = run.origin[i];
    }
    run.len = len;
    return run;
}

/* Rows as the table has them for what was taken apart and joined; places must not go back. */
static struct char_run fold_again(struct cx_arena *arena, const struct char_table *table, struct char_run in)
{
    size_t cap = in.len * 2 + CHAR_SEQUENCE_MAX;
    struct char_run out = { cx_arena_alloc(arena, cap * sizeof *out.rows), cx_arena_alloc(arena, cap * sizeof *out.origin), 0 };
    uint32_t furthest = 0;
    for (size_t i = 0; i < in.len; i++) {
        furthest = in.origin[i] > furthest ? in.origin[i] : furthest;
        uint32_t row = char_row(table, in.rows[i] & CHAR_CODE);
        size_t n = row & CHAR_SPECIAL ? CHAR_SEQUENCE_LENGTH(row) : 1;
        cx_assert(out.len + n <= cap);
        for (size_t k = 0; k < n; k++) {
            out.rows[out.len] = row & CHAR_SPECIAL ? table->pool[CHAR_SEQUENCE_AT(row) + k] : row;
            out.origin[out.len++] = furthest;
        }
    }
    return out;
}

struct char_run char_compose(struct cx_arena *arena, const struct char_table *table, struct char_run in, bool strip_marks)
{
    struct char_run run = decompose(arena, table, in);
    order_marks(run);
    return fold_again(arena, table, join(table, run, strip_marks));
}
