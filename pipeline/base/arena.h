/* arena.h - memory that is given back all at once.
 * One arena lives per unit of work (an item, a batch, a configuration). Allocation never returns NULL: beyond `max` or out of
 * memory the process aborts, since neither is a code path. Blocks are kept across resets, so steady work allocates nothing. */
#ifndef CX_BASE_ARENA_H
#define CX_BASE_ARENA_H
#include "base/str.h"

struct cx_arena;
struct cx_arena *cx_arena_new(size_t max_bytes);
void cx_arena_free(struct cx_arena *arena); /* takes NULL */
/* Everything handed out becomes invalid; blocks stay. */
void cx_arena_reset(struct cx_arena *arena);
/* 16-byte aligned; contents undefined. size 0 gives a valid unique pointer. */
void *cx_arena_alloc(struct cx_arena *arena, size_t size);
void *cx_arena_zalloc(struct cx_arena *arena, size_t size);
/* No alignment: for bytes. */
char *cx_arena_bytes(struct cx_arena *arena, size_t size);
/* Copy; a null stays null. */
struct cx_str cx_arena_copy(struct cx_arena *arena, struct cx_str s);
/* printf into the arena. */
struct cx_str cx_arena_format(struct cx_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Bytes handed out since the last reset. */
size_t cx_arena_used(const struct cx_arena *arena);

#define CX_NEW(arena, type)          ((type *)cx_arena_zalloc((arena), sizeof(type)))
#define CX_NEW_ARRAY(arena, type, n) ((type *)cx_arena_zalloc((arena), sizeof(type) * (n)))
#endif
