/* table.c
 *
 * In: pairs of a generation's own id and content. Out: a table that finds the content by one load where ids are close
 * together, as the runtime's are, and by one hash where they are not.
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
    table->n_dense = 0;
}

static int build_dense(struct gen_table *table, const struct gen_entry *entries, size_t n, size_t *ret_bad)
{
    for (size_t i = 0; i < n; i++) {
        if (table->dense[entries[i].local]) {
            *ret_bad = i;
            return GXT_ECORRUPT;
        }
        table->dense[entries[i].local] = entries[i].content;
    }
    return 0;
}

static int build_sparse(struct gen_table *table, const struct gen_entry *entries, size_t n, size_t *ret_bad)
{
    table->values = malloc(n * sizeof *table->values);
    if (!table->values || n >= MAP_NONE)
        return GXT_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        if (map_get(&table->sparse, entries[i].local) != MAP_NONE) {
            *ret_bad = i;
            return GXT_ECORRUPT;
        }
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
    for (size_t i = 0; i < n; i++) {
        if (entries[i].local == 0) {
            *ret_bad = i;
            return GXT_ECORRUPT;
        }
        if (entries[i].local > highest)
            highest = entries[i].local;
    }
    table->n = n;
    if (n == 0)
        return 0;
    if (highest / 4 > n + 256)
        return build_sparse(table, entries, n, ret_bad);

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
    return build_dense(table, entries, n, ret_bad);
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
