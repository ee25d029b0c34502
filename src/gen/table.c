/* table.c
 *
 * In: pairs of a generation's own id and content. Out: a table that finds the content by one load where ids are close
 * together, as the runtime's are, and by one hash where they are not. What an index knows is fetched when it is asked
 * for.
 */
#include "gen.h"

#include <stdlib.h>

void gen_table_done(struct gen_table *table)
{
    free(table->dense);
    free(table->values);
    map_done(&table->sparse);
    memset(table, 0, sizeof *table);
}

static void empty(struct gen_table *table)
{
    free(table->values);
    table->values = NULL;
    map_done(&table->sparse);
    table->n = 0;
    table->n_dense = table->n_solid = 0;
    table->pairs = NULL;
    table->lost = 0;
}

static int make_dense(struct gen_table *table, uint64_t highest)
{
    size_t size = (size_t)highest + 1;

    if (size > table->capacity) {
        const void **grown = realloc(table->dense, size * sizeof *grown);
        if (!grown)
            return GXT_ENOMEM;
        table->dense = grown;
        table->capacity = size;
    }
    memset(table->dense, 0, size * sizeof *table->dense);
    table->n_dense = size;
    return 0;
}

static bool are_close(uint64_t highest, size_t n)
{
    return highest / 4 <= n + 256;
}

static int build_dense(struct gen_table *table, const struct gen_entry *entries, size_t n, size_t *ret_bad)
{
    for (size_t i = 0; i < n; i++) {
        if (entries[i].local == 0 || table->dense[entries[i].local]) {
            if (!ret_bad)
                continue;
            *ret_bad = i;
            return GXT_ECORRUPT;
        }
        table->n++;
        table->dense[entries[i].local] = entries[i].content;
    }
    while (table->n_solid + 1 < table->n_dense && table->dense[table->n_solid + 1])
        table->n_solid++;
    return 0;
}

static int build_sparse(struct gen_table *table, const struct gen_entry *entries, size_t n, size_t *ret_bad)
{
    table->values = malloc(n * sizeof *table->values);
    if (!table->values || n >= MAP_NONE)
        return GXT_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        if (entries[i].local == 0 || map_get(&table->sparse, entries[i].local) != MAP_NONE) {
            if (!ret_bad)
                continue;
            *ret_bad = i;
            return GXT_ECORRUPT;
        }
        table->n++;
        if (map_put(&table->sparse, entries[i].local, (uint32_t)i) < 0)
            return GXT_ENOMEM;
        table->values[i] = entries[i].content;
    }
    return 0;
}

int gen_table_build(struct gen_table *table, const struct gen_entry *entries, size_t n, size_t *ret_bad)
{
    uint64_t highest = 0;

    empty(table);
    for (size_t i = 0; i < n; i++)
        if (entries[i].local > highest)
            highest = entries[i].local;
    if (n == 0)
        return 0;
    if (!are_close(highest, n))
        return build_sparse(table, entries, n, ret_bad);
    int r = make_dense(table, highest);
    return r < 0 ? r : build_dense(table, entries, n, ret_bad);
}

int gen_table_know(struct gen_table *table, const struct gen_known *known, bool is_stacks)
{
    const struct gen_pair *pairs = is_stacks ? known->stacks : known->strings;
    const size_t n = is_stacks ? known->n_stacks : known->n_strings;

    empty(table);
    for (size_t i = 0; i < n; i++)
        if (pairs[i].local <= (i > 0 ? pairs[i - 1].local : 0))
            return GXT_EINDEX;
    table->n = n;
    table->pairs = pairs;
    table->fetch = known->fetch;
    table->user = known->user;
    table->is_stacks = is_stacks;
    /* Where ids are far apart each look-up is a search. */
    return n > 0 && are_close(pairs[n - 1].local, n) ? make_dense(table, pairs[n - 1].local) : 0;
}

static const void *fetch(struct gen_table *table, uint64_t id)
{
    size_t low = 0, high = table->n;
    const void *content = NULL;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (table->pairs[middle].local < id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == table->n || table->pairs[low].local != id)
        return NULL;
    int r = table->fetch(table->user, table->is_stacks, table->pairs[low].content, &content);
    if (r < 0) {
        table->lost = r;
        return NULL;
    }
    if (id < table->n_dense)
        table->dense[id] = content;
    return content;
}

const void *gen_table_look(struct gen_table *table, uint64_t id)
{
    if (table->pairs)
        return fetch(table, id);
    if (!table->values)
        return NULL;
    uint32_t at = map_get(&table->sparse, id);
    return at == MAP_NONE ? NULL : table->values[at];
}

int gen_lost(const struct gen_table *table, struct gxt_error *fault)
{
    return fault_set(fault, table->lost, GXT_NO_OFFSET,
                     table->lost == GXT_ENOMEM ? "no memory for a string or stack"
                                               : "a string or stack of the index cannot be had");
}

static int by_local(const void *a, const void *b)
{
    uint64_t left = ((const struct gen_entry *)a)->local, right = ((const struct gen_entry *)b)->local;
    return (left > right) - (left < right);
}

void gen_entries(const struct gen_table *table, struct gen_entry *ret)
{
    size_t n = 0;

    for (size_t id = 0; id < table->n_dense; id++)
        if (table->dense[id])
            ret[n++] = (struct gen_entry){id, table->dense[id]};
    if (!table->values)
        return;
    for (uint64_t i = 0; i <= table->sparse.mask; i++) {
        const struct map_slot *slot = &table->sparse.slots[i];
        if (slot->value != MAP_NONE)
            ret[n++] = (struct gen_entry){slot->key, table->values[slot->value]};
    }
    qsort(ret, n, sizeof *ret, by_local);
}
