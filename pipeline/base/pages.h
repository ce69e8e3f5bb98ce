/* pages.h - memory in large pages, where the machine has such: what is big and looked up at random places, or written once from end to end, waits
 * less for page tables and page faults. */
#ifndef CX_BASE_PAGES_H
#define CX_BASE_PAGES_H
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#define CX_LARGE_PAGE ((size_t)2 << 20)

/* Asks for them, from where the first one may start; without them it is slower, that is all. */
static inline void cx_large_pages(char *start, size_t size)
{
    size_t skipped = -(uintptr_t)start & (CX_LARGE_PAGE - 1);
    if (size >= skipped + CX_LARGE_PAGE)
        (void)madvise(start + skipped, size - skipped, MADV_HUGEPAGE);
}
#endif
