/* charset.h - bytes of a named charset to UTF-8. */
#ifndef NORMALIZE_CHARSET_H
#define NORMALIZE_CHARSET_H
#include "base/arena.h"

enum normalize_trust {
    NORMALIZE_TRUST_LABEL, /* the label is right: the bytes came through base64 or quoted-printable */
    NORMALIZE_TRUST_BYTES, /* bytes that are valid UTF-8 beyond ASCII are UTF-8 whatever the label says: they may have been re-encoded on the way */
};
/* Never fails: what cannot be read becomes U+FFFD; an unknown or null label is read as UTF-8 where that fits, else as windows-1252. NULs are taken
 * out. Known: utf-8, us-ascii, iso-8859-1/2/5/9/15, windows-1250/1251/1252/1254/1256, koi8-r and their usual aliases. ISO 8859-1 and -9 are read as
 * the windows charsets that contain them. May return `bytes` itself. */
struct cx_str normalize_to_utf8(struct cx_arena *arena, struct cx_str label, struct cx_str bytes, enum normalize_trust trust);
#endif
