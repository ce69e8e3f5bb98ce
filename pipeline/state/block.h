/* block.h - a value of any size on the heap. The state room owns its memory; running out of it aborts, since it is no code path. */
#ifndef CX_STATE_BLOCK_H
#define CX_STATE_BLOCK_H
#include "base/error.h"
#include <stdlib.h>
#include <sys/mman.h>

struct cx_block {
    uint32_t len;
    uint32_t unused; /* keeps the bytes aligned to 8 */
    char bytes[];
};
static inline void *cx_state_alloc(size_t size)
{
    void *memory = malloc(size);
    cx_assert(memory != NULL);
    return memory;
}
/* For what is big and looked up at random places. Given back by free(). */
static inline void *cx_state_alloc_huge(size_t size)
{
    const size_t page = (size_t)2 << 20;
    void *memory = aligned_alloc(page, (size + page - 1) & ~(page - 1));
    cx_assert(memory != NULL);
    (void)madvise(memory, size, MADV_HUGEPAGE); /* where the kernel has none it is slower, that is all */
    return memory;
}
static inline struct cx_block *cx_block_new(const void *bytes, size_t len)
{
    struct cx_block *block = cx_state_alloc(sizeof *block + len);
    block->len = (uint32_t)len;
    if (len)
        memcpy(block->bytes, bytes, len);
    return block;
}
#endif
