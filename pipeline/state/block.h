/* block.h - a value of any size on the heap. The state room owns its memory; running out of it aborts, since it is no code path. */
#ifndef CX_STATE_BLOCK_H
#define CX_STATE_BLOCK_H
#include "base/error.h"
#include "base/pages.h"
#include <stdlib.h>

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
    void *memory = aligned_alloc(CX_LARGE_PAGE, (size + CX_LARGE_PAGE - 1) & ~(CX_LARGE_PAGE - 1));
    cx_assert(memory != NULL);
    cx_large_pages(memory, size);
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
