/* plan.c - how each head is learned. Rates and epochs were chosen on dev; docs/decisions tells what else was tried. */
#include "learn/learn.h"

static const struct cx_head_plan plans[] = {
    { "language", CX_HEAD_ONE_OF, CX_FEATURES_LETTERS, NULL, 3, 2.0f, 0.0f, 1.0f, 110000 },
    { "sentiment", CX_HEAD_ONE_OF, CX_FEATURES_WORDS, "negative neutral positive", 6, 0.2f, 0.3f, 1.0f, 100000 },
    { "toxicity", CX_HEAD_ANY_OF, CX_FEATURES_WORDS, "toxic", 6, 0.2f, 0.3f, 0.5f, 50000 },
    { "intent", CX_HEAD_ONE_OF, CX_FEATURES_WORDS,
      "safety_or_fraud legal_threat data_privacy_request refund_request cancellation billing_problem order_status technical_problem "
      "appointment_or_change job_inquiry employee_experience press_or_investor partnership purchase_intent campaign_reaction suggestion complaint "
      "praise question spam other",
      40, 1.0f, 0.7f, 0.5f, 30000, true },
    { "functions", CX_HEAD_ANY_OF, CX_FEATURES_WORDS, "advertising care ecommerce finance hr legal marketing pr product research sales", 20, 0.4f,
      0.5f, 0.0f, 20000, true },
    { "urgency", CX_HEAD_ONE_OF, CX_FEATURES_WORDS, "low normal high critical", 10, 0.2f, 0.5f, 0.5f, 15000, true },
    { "relevance", CX_HEAD_ANY_OF, CX_FEATURES_WORDS, "relevant", 10, 0.2f, 0.5f, 0.5f, 15000, true },
    { "five_c", CX_HEAD_ONE_OF, CX_FEATURES_WORDS, "conversation community collaboration campaign content", 10, 0.2f, 0.5f, 0.5f, 15000, true },
    { "reason", CX_HEAD_ONE_OF, CX_FEATURES_WORDS, NULL, 10, 0.2f, 0.3f, 0.5f, 15000, false },
};
/* Labels of a company's own. */
static const struct cx_head_plan own = { NULL, CX_HEAD_ONE_OF, CX_FEATURES_WORDS, NULL, 20, 0.5f, 0.3f, 0.0f, 60000, true };

const struct cx_head_plan *cx_head_plan(struct cx_str name)
{
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++)
        if (cx_str_is(name, plans[i].name))
            return &plans[i];
    return &own;
}
