#include <zstd.h>
#include "codec/codec.h"

int cx_zstd_compress(struct cx_buf *out, struct cx_str in, int level)
{
    /* The bound is above what comes out; where it does not fit the maximum, what room there is may still do. */
    size_t bound = ZSTD_compressBound(in.len), left = out->max - out->len;
    if (!cx_buf_reserve(out, bound < left ? bound : left))
        return -1;
    size_t size = ZSTD_compress(out->ptr + out->len, out->cap - out->len, in.ptr, in.len, level);
    if (ZSTD_isError(size))
        return -1;
    out->len += size;
    return 0;
}

int cx_zstd_decompress(struct cx_buf *out, struct cx_str in)
{
    ZSTD_DStream *stream = ZSTD_createDStream();
    cx_assert(stream != NULL);
    ZSTD_inBuffer source = { in.ptr, in.len, 0 };
    size_t left = 1, before = out->len;
    while (source.pos < source.size && !ZSTD_isError(left)) {
        /* Grown as bytes come, not by what the frame claims. */
        if (!cx_buf_reserve(out, out->max - out->len < ZSTD_DStreamOutSize() ? out->max - out->len : ZSTD_DStreamOutSize()))
            break;
        ZSTD_outBuffer target = { out->ptr + out->len, out->cap - out->len, 0 };
        size_t read = source.pos;
        left = ZSTD_decompressStream(stream, &target, &source);
        out->len += target.pos;
        if (source.pos == read && target.pos == 0)
            break; /* full: more would come out than may */
    }
    ZSTD_freeDStream(stream);
    if (left == 0 && source.pos == source.size)
        return 0;
    out->len = before;
    return -1;
}
