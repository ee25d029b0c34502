/* runs.c
 *
 * In: ids in any order, however often. Out: the runs of neighbours among them, by rising id. Never: a sort of ids that
 * were given out in a row: each is a bit of a page, and only the pages are sorted.
 */
#include "base.h"

#include <stdlib.h>

enum {
    WORD = 64, /* bits */
    FEW_PAGES = 16,
    IDS_OF_PAGE = 16, /* with fewer a page costs more than they do when they are sorted */
};

void id_runs_done(struct id_runs *runs)
{
    map_done(&runs->places);
    free(runs->pages);
    pairs_done(&runs->list);
    pairs_done(&runs->spare);
    *runs = (struct id_runs){0};
}

/* Return: its place, which holds no id yet if it is new; MAP_NONE without memory. */
static uint32_t find_page(struct id_runs *runs, uint64_t number)
{
    const uint32_t at = map_get(&runs->places, number);

    if (at != MAP_NONE)
        return at;
    struct id_page *grown = array_grow(runs->pages, runs->n_pages, &runs->capacity, sizeof *grown);
    if (!grown)
        return MAP_NONE;
    runs->pages = grown;
    if (map_put(&runs->places, number, (uint32_t)runs->n_pages) < 0)
        return MAP_NONE;
    runs->pages[runs->n_pages] = (struct id_page){.number = number};
    return (uint32_t)runs->n_pages++;
}

/* The run that is being gathered. */
struct gathered {
    uint64_t first, n; /* n: 0 for none */
    id_run *take;
    void *user;
};

static int end_run(struct gathered *run)
{
    return run->n > 0 ? run->take(run->user, run->first, run->n) : 0;
}

static inline int add_run(struct gathered *run, uint64_t first, uint64_t n)
{
    if (run->n > 0 && run->first + run->n == first) {
        run->n += n;
        return 0;
    }
    const int r = end_run(run);
    run->first = first;
    run->n = n;
    return r;
}

static int add_word(struct gathered *run, uint64_t first, uint64_t word)
{
    int r = 0;

    while (r == 0 && word != 0) {
        const unsigned begin = (unsigned)__builtin_ctzll(word);
        const uint64_t rest = ~(word >> begin);
        const unsigned n = rest == 0 ? WORD : (unsigned)__builtin_ctzll(rest);
        r = add_run(run, first + begin, n);
        word = begin + n < WORD ? word & ~UINT64_C(0) << (begin + n) : 0;
    }
    return r;
}

static int take_pages(struct id_runs *runs, struct gathered *run)
{
    if (!pairs_reserve(&runs->list, runs->n_pages))
        return GXT_ENOMEM;
    struct pair *pairs = runs->list.pairs;
    for (size_t i = 0; i < runs->n_pages; i++)
        pairs[i] = (struct pair){runs->pages[i].number, i};
    int r = pairs_sort(pairs, runs->n_pages, &runs->spare);
    for (size_t i = 0; r == 0 && i < runs->n_pages; i++) {
        const struct id_page *page = &runs->pages[pairs[i].value];
        for (size_t word = 0; r == 0 && word < ID_PAGE / WORD; word++)
            r = add_word(run, page->number * ID_PAGE + word * WORD, page->bits[word]);
    }
    return r;
}

/* Of ids that lie far from each other. */
static int take_scattered(struct id_runs *runs, const uint64_t *ids, size_t n, struct gathered *run)
{
    if (!pairs_reserve(&runs->list, n))
        return GXT_ENOMEM;
    struct pair *pairs = runs->list.pairs;
    for (size_t i = 0; i < n; i++)
        pairs[i].key = ids[i];
    int r = pairs_sort(pairs, n, &runs->spare);
    for (size_t i = 0; r == 0 && i < n; i++)
        if (i == 0 || pairs[i].key != pairs[i - 1].key)
            r = add_run(run, pairs[i].key, 1);
    return r;
}

int id_runs_take(struct id_runs *runs, const uint64_t *ids, size_t n, id_run *take, void *user)
{
    const size_t most_pages = FEW_PAGES + n / IDS_OF_PAGE;
    struct gathered run = {.take = take, .user = user};
    uint32_t at = MAP_NONE; /* of the page before */

    map_clear(&runs->places);
    runs->n_pages = 0;
    for (size_t i = 0; i < n && runs->n_pages <= most_pages; i++) {
        const uint64_t number = ids[i] / ID_PAGE;
        if (at == MAP_NONE || runs->pages[at].number != number)
            at = find_page(runs, number);
        if (at == MAP_NONE)
            return GXT_ENOMEM;
        runs->pages[at].bits[ids[i] % ID_PAGE / WORD] |= UINT64_C(1) << ids[i] % WORD;
    }
    const int r = runs->n_pages <= most_pages ? take_pages(runs, &run) : take_scattered(runs, ids, n, &run);
    return r == 0 ? end_run(&run) : r;
}
