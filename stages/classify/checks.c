/* checks.c - sums over digits. */
#include "stages/classify/checks.h"

static int digit(struct cx_str s, size_t i)
{
    return s.ptr[i] - '0';
}

static bool passes_luhn(struct cx_str digits)
{
    int sum = 0;
    for (size_t i = 0; i < digits.len; i++) {
        int d = digit(digits, digits.len - 1 - i);
        if (i % 2 == 1)
            d = d * 2 > 9 ? d * 2 - 9 : d * 2;
        sum += d;
    }
    return sum % 10 == 0;
}

/* Issuers by their first four digits and lengths. */
static const struct {
    int first, last;
    size_t shortest, longest;
} issuers[] = {
    { 4000, 4999, 13, 19 },                                                                         /* Visa */
    { 5100, 5599, 16, 16 }, { 2221, 2720, 16, 16 },                                                 /* Mastercard */
    { 3400, 3499, 15, 15 }, { 3700, 3799, 15, 15 },                                                 /* American Express */
    { 2200, 2204, 16, 19 },                                                                         /* Mir */
    { 9792, 9792, 16, 16 }, { 6500, 6599, 16, 16 },                                                 /* Troy, Discover */
    { 6011, 6011, 16, 19 }, { 6221, 6229, 16, 19 }, { 6440, 6499, 16, 19 }, { 6200, 6299, 16, 19 }, /* Discover, UnionPay */
    { 3528, 3589, 16, 19 },                                                                         /* JCB */
    { 3000, 3059, 14, 14 }, { 3600, 3699, 14, 14 }, { 3800, 3899, 14, 14 },                         /* Diners */
    { 5000, 5099, 13, 19 }, { 5600, 5899, 13, 19 }, { 6300, 6399, 13, 19 }, { 6700, 6799, 13, 19 }, /* Maestro */
};

bool classify_is_card(struct cx_str digits)
{
    if (digits.len < 13 || digits.len > 19)
        return false;
    int first = digit(digits, 0) * 1000 + digit(digits, 1) * 100 + digit(digits, 2) * 10 + digit(digits, 3);
    for (size_t i = 0; i < sizeof issuers / sizeof *issuers; i++)
        if (first >= issuers[i].first && first <= issuers[i].last && digits.len >= issuers[i].shortest && digits.len <= issuers[i].longest)
            return passes_luhn(digits);
    return false;
}

/* Lengths of IBANs by country, as registered. */
static const char iban_lengths[][5] = {
    "AD24", "AE23", "AL28", "AT20", "AZ28", "BA20", "BE16", "BG22", "BH22", "BR29", "BY28", "CH21", "CR22", "CY28", "CZ24", "DE22",
    "DK18", "DO28", "EE20", "EG29", "ES24", "FI18", "FO18", "FR27", "GB22", "GE22", "GI23", "GL18", "GR27", "GT28", "HR21", "HU28",
    "IE22", "IL23", "IQ23", "IS26", "IT27", "JO30", "KW30", "KZ20", "LB28", "LC32", "LI21", "LT20", "LU20", "LV21", "LY25", "MC27",
    "MD24", "ME22", "MK19", "MR27", "MT31", "MU30", "NL18", "NO15", "PK24", "PL28", "PS29", "PT25", "QA29", "RO24", "RS22", "RU33",
    "SA24", "SC31", "SD18", "SE24", "SI19", "SK24", "SM27", "ST25", "SV28", "TL23", "TN24", "TR26", "UA29", "VA22", "VG24", "XK20",
};

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static size_t iban_length(struct cx_str iban)
{
    for (size_t i = 0; i < sizeof iban_lengths / sizeof *iban_lengths; i++) {
        const char *row = iban_lengths[i];
        if (row[0] == upper(iban.ptr[0]) && row[1] == upper(iban.ptr[1]))
            return (size_t)(row[2] - '0') * 10 + (size_t)(row[3] - '0');
    }
    return 0;
}

bool classify_is_iban(struct cx_str iban)
{
    if (iban.len < 15 || iban_length(iban) != iban.len)
        return false;
    int rest = 0;
    for (size_t i = 0; i < iban.len; i++) {
        char c = upper(iban.ptr[(i + 4) % iban.len]);
        if (c >= '0' && c <= '9')
            rest = (rest * 10 + (c - '0')) % 97;
        else
            rest = (rest * 100 + (c - 'A' + 10)) % 97;
    }
    return rest == 1;
}

bool classify_is_tckn(struct cx_str digits)
{
    if (digits.len != 11 || digits.ptr[0] == '0')
        return false;
    int odd = 0, even = 0, sum = 0;
    for (size_t i = 0; i < 9; i++)
        *(i % 2 == 0 ? &odd : &even) += digit(digits, i);
    for (size_t i = 0; i < 10; i++)
        sum += digit(digits, i);
    return (odd * 7 - even + 100) % 10 == digit(digits, 9) && sum % 10 == digit(digits, 10);
}

bool classify_is_dni(struct cx_str id)
{
    static const char letters[] = "TRWAGMYFPDXBNJZSQVHLCKE";
    if (id.len != 9)
        return false;
    char first = upper(id.ptr[0]);
    int number = first == 'X' ? 0 : first == 'Y' ? 1 : first == 'Z' ? 2 : first >= '0' && first <= '9' ? first - '0' : -1;
    if (number < 0)
        return false;
    for (size_t i = 1; i < 8; i++) {
        if (id.ptr[i] < '0' || id.ptr[i] > '9')
            return false;
        number = number * 10 + digit(id, i);
    }
    return letters[number % 23] == upper(id.ptr[8]);
}

static int inn_digit(struct cx_str digits, size_t n)
{
    static const int weights[] = { 3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8 };
    int sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += weights[11 - n + i] * digit(digits, i);
    return sum % 11 % 10;
}

bool classify_is_inn(struct cx_str digits)
{
    if (digits.len == 10)
        return inn_digit(digits, 9) == digit(digits, 9);
    return digits.len == 12 && inn_digit(digits, 10) == digit(digits, 10) && inn_digit(digits, 11) == digit(digits, 11);
}
