/* text_peers.cc - CLD2 and fastText, called as their own documentation does. */
#include "bench/text_peers.h"
#include <cstdio> // the next one needs it
#include <cld2/public/compact_lang_det.h>
#include <fasttext/fasttext.h>
#include <sstream>

static fasttext::FastText models[TEXT_PEERS_MODELS];

bool text_peers_are_here(void)
{
    return true;
}

void text_peers_train(int model, const char *path)
{
    fasttext::Args args;
    args.input = path;
    args.model = fasttext::model_name::sup;
    args.loss = fasttext::loss_name::softmax;
    args.dim = 16;
    args.minn = 2;
    args.maxn = 4;
    args.wordNgrams = model == TEXT_PEERS_INTENT ? 2 : 1;
    args.bucket = 1 << 21;
    args.minCount = 1;
    args.thread = 1;
    args.verbose = 0;
    models[model].train(args);
}

int text_peers_fasttext(int model, const char *text, size_t len)
{
    static std::istringstream in;
    static std::vector<std::pair<fasttext::real, std::string>> answers;
    in.clear();
    in.str(std::string(text, len) + "\n");
    models[model].predictLine(in, answers, 1, 0);
    return answers.empty() ? 0 : answers[0].second.back();
}

int text_peers_cld2(const char *text, size_t len)
{
    bool is_reliable;
    return CLD2::DetectLanguage(text, (int)len, true, &is_reliable);
}
