/* test_quote.c: strings as Go's %q, JSON and RFC 4180 want them. The texts for %q were made by Go's strconv.Quote. */
#include "quote.h"

#include <criterion/criterion.h>

struct quote_case {
    const char *name;
    const char *text;
    size_t size;
    const char *go, *json, *csv;
};

#define TEXT(bytes) bytes, sizeof(bytes) - 1

static const struct quote_case cases[] = {
    {"nothing", TEXT(""), "\"\"", "\"\"", ""},
    {"plain", TEXT("chan receive"), "\"chan receive\"", "\"chan receive\"", "chan receive"},
    {"quotes", TEXT("a\"b\\c"), "\"a\\\"b\\\\c\"", "\"a\\\"b\\\\c\"", "a\"\"b\\c"},
    {"short escapes", TEXT("\a\b\f\n\r\t\v"), "\"\\a\\b\\f\\n\\r\\t\\v\"",
     "\"\\u0007\\u0008\\u000c\\u000a\\u000d\\u0009\\u000b\"", "\a\b\f\n\r\t\v"},
    {"controls", TEXT("\0\x01\x1f\x7f"), "\"\\x00\\x01\\x1f\\x7f\"", "\"\\u0000\\u0001\\u001f\x7f\"",
     "\xef\xbf\xbd\x01\x1f\x7f"},
    {"accents", TEXT("h\xc3\xa9"), "\"h\xc3\xa9\"", "\"h\xc3\xa9\"", "h\xc3\xa9"},
    {"no UTF-8", TEXT("\xff\xc0\x80\xc3"), "\"\\xff\\xc0\\x80\\xc3\"",
     "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"a surrogate", TEXT("\xed\xa0\x80"), "\"\\xed\\xa0\\x80\"", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"",
     "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"past Unicode", TEXT("\xf4\x90\x80\x80"), "\"\\xf4\\x90\\x80\\x80\"",
     "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"the replacement character", TEXT("\xef\xbf\xbd"), "\"\xef\xbf\xbd\"", "\"\xef\xbf\xbd\"", "\xef\xbf\xbd"},
    {"a line separator", TEXT("\xe2\x80\xa8"), "\"\\u2028\"", "\"\xe2\x80\xa8\"", "\xe2\x80\xa8"},
    {"a no-break space", TEXT("\xc2\xa0"), "\"\\u00a0\"", "\"\xc2\xa0\"", "\xc2\xa0"},
    {"a soft hyphen", TEXT("\xc2\xad"), "\"\\u00ad\"", "\"\xc2\xad\"", "\xc2\xad"},
    {"an emoji", TEXT("\xf0\x9f\x98\x80"), "\"\xf0\x9f\x98\x80\"", "\"\xf0\x9f\x98\x80\"", "\xf0\x9f\x98\x80"},
    {"a tag character", TEXT("\xf3\xa0\x80\x81"), "\"\\U000e0001\"", "\"\xf3\xa0\x80\x81\"", "\xf3\xa0\x80\x81"},
    {"private use", TEXT("\xee\x80\x80"), "\"\\ue000\"", "\"\xee\x80\x80\"", "\xee\x80\x80"},
    {"not assigned", TEXT("\xcd\xb8"), "\"\\u0378\"", "\"\xcd\xb8\"", "\xcd\xb8"},
    {"the last code point", TEXT("\xf4\x8f\xbf\xbf"), "\"\\U0010ffff\"", "\"\xf4\x8f\xbf\xbf\"", "\xf4\x8f\xbf\xbf"},
};

static void check(const char *name, void (*quote)(struct out *, const struct gxt_string *),
                  const struct gxt_string *string, const char *wanted)
{
    struct out out;

    cr_assert_eq(out_init(&out, -1), 0);
    quote(&out, string);
    out_char(&out, 0);
    cr_assert_str_eq(out.start, wanted, "%s: got %s, wanted %s", name, out.start, wanted);
    out_done(&out);
}

Test(quote, escapes_as_each_format_wants)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct gxt_string string = {.at = cases[i].text, .len = cases[i].size};
        check(cases[i].name, quote_go, &string, cases[i].go);
        check(cases[i].name, quote_json, &string, cases[i].json);
        check(cases[i].name, quote_csv, &string, cases[i].csv);
    }
}
