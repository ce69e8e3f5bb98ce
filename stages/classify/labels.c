/* labels.c - names by number. */
#include "stages/classify/labels.h"

#define LABEL_NAME(symbol, name) name,
const char *const classify_intents[] = { CLASSIFY_INTENTS(LABEL_NAME) NULL };
const char *const classify_functions[] = { CLASSIFY_FUNCTIONS(LABEL_NAME) NULL };

int classify_label(const char *const *names, struct cx_str name)
{
    for (int i = 0; names[i] != NULL; i++)
        if (cx_str_is(name, names[i]))
            return i;
    return -1;
}
