/* rule_regex.h - regular expressions in time linear in the text: RE2 behind four C functions.
 *
 * A pattern is compiled once with a bounded program and cache; matching is a search anywhere in the text, in UTF-8. */
#ifndef CX_ROUTE_RULE_REGEX_H
#define CX_ROUTE_RULE_REGEX_H
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif
struct route_regex;
/* NULL with a sentence in `why` (cut to `size`) when the pattern is wrong or too large. */
struct route_regex *route_regex_new(const char *pattern, size_t len, char *why, size_t size);
bool route_regex_search(const struct route_regex *regex, const char *text, size_t len);
void route_regex_free(struct route_regex *regex); /* takes NULL */
#ifdef __cplusplus
}
#endif
#endif
