/* labels.h - the closed sets of names that classification speaks in. Topics and reasons are open. */
#ifndef CX_STAGES_CLASSIFY_LABELS_H
#define CX_STAGES_CLASSIFY_LABELS_H
#include "base/str.h"

/* In the order a tie is settled. */
#define CLASSIFY_INTENTS(X)                                                                                                                          \
    X(SAFETY_OR_FRAUD, "safety_or_fraud")                                                                                                            \
    X(LEGAL_THREAT, "legal_threat")                                                                                                                  \
    X(DATA_PRIVACY_REQUEST, "data_privacy_request")                                                                                                  \
    X(REFUND_REQUEST, "refund_request")                                                                                                              \
    X(CANCELLATION, "cancellation")                                                                                                                  \
    X(BILLING_PROBLEM, "billing_problem")                                                                                                            \
    X(ORDER_STATUS, "order_status")                                                                                                                  \
    X(TECHNICAL_PROBLEM, "technical_problem")                                                                                                        \
    X(APPOINTMENT_OR_CHANGE, "appointment_or_change")                                                                                                \
    X(JOB_INQUIRY, "job_inquiry")                                                                                                                    \
    X(EMPLOYEE_EXPERIENCE, "employee_experience")                                                                                                    \
    X(PRESS_OR_INVESTOR, "press_or_investor")                                                                                                        \
    X(PARTNERSHIP, "partnership")                                                                                                                    \
    X(PURCHASE_INTENT, "purchase_intent")                                                                                                            \
    X(CAMPAIGN_REACTION, "campaign_reaction")                                                                                                        \
    X(SUGGESTION, "suggestion")                                                                                                                      \
    X(COMPLAINT, "complaint")                                                                                                                        \
    X(PRAISE, "praise")                                                                                                                              \
    X(QUESTION, "question")                                                                                                                          \
    X(SPAM, "spam")                                                                                                                                  \
    X(OTHER, "other")

#define CLASSIFY_FUNCTIONS(X)                                                                                                                        \
    X(ADVERTISING, "advertising")                                                                                                                    \
    X(CARE, "care")                                                                                                                                  \
    X(ECOMMERCE, "ecommerce")                                                                                                                        \
    X(FINANCE, "finance")                                                                                                                            \
    X(HR, "hr")                                                                                                                                      \
    X(LEGAL, "legal")                                                                                                                                \
    X(MARKETING, "marketing")                                                                                                                        \
    X(PR, "pr")                                                                                                                                      \
    X(PRODUCT, "product")                                                                                                                            \
    X(RESEARCH, "research")                                                                                                                          \
    X(SALES, "sales")

/* Heads of the learned model, in byte order of the names of the record's fields. */
#define CLASSIFY_HEADS(X)                                                                                                                            \
    X(FUNCTIONS, "functions")                                                                                                                        \
    X(INTENTS, "intents")                                                                                                                            \
    X(LANGUAGE, "language")                                                                                                                          \
    X(REASON, "reason")                                                                                                                              \
    X(RELEVANCE, "relevance")                                                                                                                        \
    X(SENTIMENT, "sentiment")                                                                                                                        \
    X(TOXICITY, "toxicity")                                                                                                                          \
    X(URGENCY, "urgency")

#define CLASSIFY_INTENT_ENUM(symbol, name)   CLASSIFY_##symbol,
#define CLASSIFY_FUNCTION_ENUM(symbol, name) CLASSIFY_FOR_##symbol,
#define CLASSIFY_HEAD_ENUM(symbol, name)     CLASSIFY_HEAD_##symbol,
enum classify_intent { CLASSIFY_INTENTS(CLASSIFY_INTENT_ENUM) CLASSIFY_INTENT_COUNT };
enum classify_function { CLASSIFY_FUNCTIONS(CLASSIFY_FUNCTION_ENUM) CLASSIFY_FUNCTION_COUNT };
enum classify_head { CLASSIFY_HEADS(CLASSIFY_HEAD_ENUM) CLASSIFY_HEAD_COUNT };

/* Names by number, NULL at the end. */
extern const char *const classify_intents[CLASSIFY_INTENT_COUNT + 1], *const classify_functions[CLASSIFY_FUNCTION_COUNT + 1];
/* Number of a name in a NULL-terminated list, or -1. */
int classify_label(const char *const *names, struct cx_str name);
#endif
