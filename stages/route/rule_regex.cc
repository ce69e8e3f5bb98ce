#include "stages/route/rule_regex.h"
#include <re2/re2.h>

/* Bounds the compiled program and the automaton built while matching; when the latter is full RE2 starts it anew, still in linear time. */
static const int64_t max_memory_bytes = 1 << 20;

extern "C" struct route_regex *route_regex_new(const char *pattern, size_t len, char *why, size_t size)
{
    RE2::Options options;
    options.set_log_errors(false);
    options.set_never_capture(true);
    options.set_max_mem(max_memory_bytes);
    RE2 *regex = new RE2(re2::StringPiece(pattern, len), options);
    if (regex->ok())
        return reinterpret_cast<struct route_regex *>(regex);
    snprintf(why, size, "%s", regex->error().c_str());
    delete regex;
    return nullptr;
}

extern "C" bool route_regex_search(const struct route_regex *regex, const char *text, size_t len)
{
    const RE2 *re2 = reinterpret_cast<const RE2 *>(regex);
    return re2->Match(re2::StringPiece(text, len), 0, len, RE2::UNANCHORED, nullptr, 0);
}

extern "C" void route_regex_free(struct route_regex *regex)
{
    delete reinterpret_cast<RE2 *>(regex);
}
