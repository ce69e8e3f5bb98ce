/* checks.h - check digits of cards, accounts and ids. All take plain ASCII digits and letters without blanks. */
#ifndef CX_STAGES_CLASSIFY_CHECKS_H
#define CX_STAGES_CLASSIFY_CHECKS_H
#include "base/str.h"

bool classify_is_card(struct cx_str digits); /* a known issuer's prefix and length, Luhn */
bool classify_is_iban(struct cx_str iban);   /* either case; known country and its length, modulo 97 */
bool classify_is_tckn(struct cx_str digits); /* 11 digits */
bool classify_is_dni(struct cx_str id);      /* 8 digits and a letter, or X, Y, Z, 7 digits and a letter; either case */
bool classify_is_inn(struct cx_str digits);  /* 10 or 12 digits */
#endif
