#include "base/arena.h"
#include "base/error.h"
#include <stdarg.h>

/* Under AddressSanitizer memory that is not handed out is poisoned, so that use after a reset is caught. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(ptr, size)   ((void)(ptr), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(ptr, size) ((void)(ptr), (void)(size))
#endif

enum { ALIGNMENT = 16, FIRST_BLOCK = 16 * 1024, LARGEST_STEP = 1024 * 1024 };

struct block {
    struct block *next;
    size_t size; /* of bytes[] */
    _Alignas(ALIGNMENT) char bytes[];
};

struct cx_arena {
    char *at, *end;         /* free part of the current block */
    struct block *first;    /* in the order they are filled */
    struct block *current;  /* NULL before the first allocation */
    size_t next_block_size; /* doubles with every new block */
    size_t used, max;
};

struct cx_arena *cx_arena_new(size_t max_bytes)
{
    struct cx_arena *arena = calloc(1, sizeof *arena);
    cx_assert(arena != NULL);
    arena->next_block_size = FIRST_BLOCK;
    arena->max = max_bytes;
    return arena;
}

void cx_arena_free(struct cx_arena *arena)
{
    if (!arena)
        return;
    for (struct block *block = arena->first, *next; block; block = next) {
        next = block->next;
        ASAN_UNPOISON_MEMORY_REGION(block->bytes, block->size);
        free(block);
    }
    free(arena);
}

static void enter_block(struct cx_arena *arena, struct block *block)
{
    arena->current = block;
    arena->at = block->bytes;
    arena->end = block->bytes + block->size;
}

void cx_arena_reset(struct cx_arena *arena)
{
    /* Only what was handed out: blocks behind the current one are poisoned already. */
    for (struct block *block = arena->first; block; block = block->next) {
        ASAN_POISON_MEMORY_REGION(block->bytes, block->size);
        if (block == arena->current)
            break;
    }
    arena->used = 0;
    if (arena->first)
        enter_block(arena, arena->first);
}

static struct block *new_block(struct cx_arena *arena, size_t at_least)
{
    size_t size = arena->next_block_size;
    if (arena->next_block_size < LARGEST_STEP)
        arena->next_block_size *= 2;
    if (size < at_least)
        size = at_least;
    struct block *block = malloc(sizeof *block + size);
    cx_assert(block != NULL);
    block->size = size;
    ASAN_POISON_MEMORY_REGION(block->bytes, size);
    return block;
}

/* Makes a block current that has room for `size`: the next kept one if it fits, else a new one put before it. */
static void next_block(struct cx_arena *arena, size_t size)
{
    struct block **link = arena->current ? &arena->current->next : &arena->first;
    if (!*link || (*link)->size < size) {
        struct block *block = new_block(arena, size);
        block->next = *link;
        *link = block;
    }
    enter_block(arena, *link);
}

static char *take(struct cx_arena *arena, size_t size, size_t padding)
{
    if ((size_t)(arena->end - arena->at) < size + padding || !arena->current) {
        next_block(arena, size); /* a block begins aligned */
        padding = 0;
    }
    char *taken = arena->at + padding;
    arena->at = taken + size;
    arena->used += size;
    cx_assert(arena->used <= arena->max);
    ASAN_UNPOISON_MEMORY_REGION(taken, size);
    return taken;
}

void *cx_arena_alloc(struct cx_arena *arena, size_t size)
{
    cx_assert(size <= arena->max);
    return take(arena, size ? size : 1, -(uintptr_t)arena->at & (ALIGNMENT - 1));
}

void *cx_arena_zalloc(struct cx_arena *arena, size_t size)
{
    return memset(cx_arena_alloc(arena, size), 0, size);
}

char *cx_arena_bytes(struct cx_arena *arena, size_t size)
{
    cx_assert(size <= arena->max);
    return take(arena, size ? size : 1, 0);
}

struct cx_str cx_arena_copy(struct cx_arena *arena, struct cx_str s)
{
    if (!s.ptr)
        return s;
    char *bytes = cx_arena_bytes(arena, s.len);
    memcpy(bytes, s.ptr, s.len);
    return cx_str_n(bytes, s.len);
}

struct cx_str cx_arena_format(struct cx_arena *arena, const char *format, ...)
{
    char text[512]; /* most texts are short: measure and write in one go */
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    cx_assert(len >= 0);
    if ((size_t)len < sizeof text)
        return cx_arena_copy(arena, cx_str_n(text, (size_t)len));
    char *bytes = cx_arena_bytes(arena, (size_t)len + 1);
    va_start(args, format);
    vsnprintf(bytes, (size_t)len + 1, format, args);
    va_end(args);
    return cx_str_n(bytes, (size_t)len);
}

size_t cx_arena_used(const struct cx_arena *arena)
{
    return arena->used;
}
