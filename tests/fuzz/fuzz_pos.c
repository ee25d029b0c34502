/* fuzz_pos.c: the words that name an instant: position tokens, and what a person types after --from, --to and --at.
 */
#include "fuzz.h"
#include "wall.h"
#include "when.h"

#include <stdlib.h>

static void check_token(struct gxt_pos pos)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
    char token[GXT_POS_TOKEN_SIZE];
    struct gxt_pos back = {0};

    memset(token, 1, sizeof token);
    gxt_pos_print(pos, token);
    const char *end = memchr(token, '\0', sizeof token);
    if (!end || strspn(token, letters) != (size_t)(end - token))
        fuzz_wrong("a token", pos.ordinal);
    if (gxt_pos_parse(token, &back) != 0 || back.fingerprint != pos.fingerprint || back.ordinal != pos.ordinal)
        fuzz_wrong("a token is read otherwise", pos.ordinal);
    struct when when;
    if (!when_parse(token, &when) || when.form != WHEN_POSITION || when.pos.ordinal != pos.ordinal)
        fuzz_wrong("a token is taken for something else", pos.ordinal);
}

static void check_text(const char *text)
{
    struct gxt_pos pos = {1, 2};

    const int r = gxt_pos_parse(text, &pos);
    if (r == 0)
        check_token(pos);
    else if (r != GXT_EINVAL || pos.fingerprint != 1 || pos.ordinal != 2)
        fuzz_wrong("what is no token", (uint64_t)-r);
}

static void check_wall(const char *text)
{
    int64_t sec = 0, nsec = 0, sec_again = 0, nsec_again = 0;
    char back[WALL_SIZE + 1];

    if (!wall_parse(text, &sec, &nsec))
        return;
    char *end = wall_put(back, sec, nsec);
    *end = '\0';
    if (end > back + WALL_SIZE || nsec < 0 || nsec > 999999999)
        fuzz_wrong("a wall time", (uint64_t)sec);
    if (wall_parse(back, &sec_again, &nsec_again) && (sec_again != sec || nsec_again != nsec))
        fuzz_wrong("a wall time is read otherwise", (uint64_t)sec);
}

static void check_when(const char *text, const struct gxt_facts *facts, int64_t last_ns)
{
    struct when when;

    if (!when_parse(text, &when))
        return;
    if (when.form == WHEN_NONE || when.text != text)
        fuzz_wrong("an instant of no form", 0);
    const int64_t time_ns = when_time(&when, facts, last_ns);
    if (when.form == WHEN_CLOCK && time_ns != when.ns)
        fuzz_wrong("an instant on the clock", (uint64_t)when.ns);
    if (when.form == WHEN_SHARE && last_ns >= facts->start_ns && (time_ns < facts->start_ns || time_ns > last_ns))
        fuzz_wrong("a share beyond the trace", when.share);
    if (when.form == WHEN_OFFSET && (when.ns < 0 ? time_ns > facts->start_ns : time_ns < facts->start_ns))
        fuzz_wrong("an offset to the wrong side", (uint64_t)when.ns);
}

/* The first bytes are a position and the facts of a trace, the others a text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t numbers[4] = {0};
    struct gxt_facts facts = {.has_wall = true};
    const size_t taken = size < sizeof numbers ? size : sizeof numbers;

    memcpy(numbers, data, taken);
    check_token((struct gxt_pos){numbers[0], numbers[1]});
    facts.start_ns = (int64_t)numbers[0];
    facts.clock_ns = (int64_t)numbers[1];
    facts.wall_sec = (int64_t)numbers[2];
    facts.wall_nsec = (int64_t)(numbers[3] % 1000000000);

    char *text = malloc(size - taken + 1);
    if (!text)
        return 0;
    memcpy(text, data + taken, size - taken);
    text[size - taken] = '\0';
    check_text(text);
    check_wall(text);
    check_when(text, &facts, (int64_t)numbers[3]);
    free(text);
    return 0;
}
