/* no_text_peers.c - where CLD2 and fastText are not installed. */
#include "bench/text_peers.h"

bool text_peers_are_here(void)
{
    return false;
}
void text_peers_train(int model, const char *path)
{
    (void)model, (void)path;
}
int text_peers_fasttext(int model, const char *text, size_t len)
{
    (void)text;
    return model + (int)len;
}
int text_peers_cld2(const char *text, size_t len)
{
    (void)text;
    return (int)len;
}
