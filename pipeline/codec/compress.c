#include <zstd.h>
#include "codec/codec.h"
#include "base/pages.h"

int cx_zstd_compress(struct cx_buf *out, struct cx_str in, int level)
{
    /* The bound is above what comes out; where it does not fit the maximum, what room there is may still do. */
    size_t bound = ZSTD_compressBound(in.len), left = out->max - out->len;
    if (!cx_buf_reserve(out, bound < left ? bound : left))
        return -1;
    ZSTD_CCtx *context = ZSTD_createCCtx();
    cx_assert(context != NULL);
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    size_t size = ZSTD_compress2(context, out->ptr + out->len, out->cap - out->len, in.ptr, in.len);
    ZSTD_freeCCtx(context);
    if (ZSTD_isError(size))
        return -1;
    out->len += size;
    return 0;
}

/* What may be believed of a frame's claim of how much comes out of it. */
#define BELIEVED 64

/* All at once, where the frame says how much it is and there is room for that; 0: it does not, or it is not so. */
static size_t decompress_at_once(struct cx_buf *out, struct cx_str in)
{
    unsigned long long claimed = ZSTD_getFrameContentSize(in.ptr, in.len);
    if (claimed == 0 || claimed > out->max - out->len || claimed / BELIEVED > in.len || !cx_buf_reserve(out, claimed))
        return 0;
    cx_large_pages(out->ptr + out->len, claimed);
    size_t size = ZSTD_decompress(out->ptr + out->len, claimed, in.ptr, in.len);
    return ZSTD_isError(size) ? 0 : size;
}

int cx_zstd_decompress(struct cx_buf *out, struct cx_str in)
{
    size_t size = decompress_at_once(out, in);
    out->len += size;
    if (size > 0)
        return 0;
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
