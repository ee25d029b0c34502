/* snapshot.c
 *
 * In: a walk over an old trace. Out: bytes to go on from. Never: trust in them.
 *
 *     the sequence's place | what was told last | processors | tasks | goroutines from before the trace | how many are
 *     there | goroutines, in pieces of 512 ids: those that did nothing are the same piece again
 */
#include "legacy_priv.h"

#include <stdlib.h>

enum {
    PIECE_BITS = 9,
    STATE = 7,
    ON_NETWORK = 8,
    HAS_THREAD = 16,
    BEFORE_INIT = 1,
    FELL = 2,
};

/* ---- saving ---- */

static void save_processors(const struct legacy *legacy, struct buf *ret)
{
    for (size_t i = 0; i + 1 < legacy->trace.n_lanes; i++) {
        const struct seen_p *p = &legacy->ps[i];
        buf_put_u8(ret, (uint8_t)(p->state << 1 | p->told));
        buf_put_signed(ret, p->thread);
    }
}

static void save_tasks(const struct legacy *legacy, struct buf *ret)
{
    buf_put_varint(ret, legacy->n_tasks);
    for (size_t i = 0; i < legacy->n_tasks; i++) {
        buf_put_varint(ret, legacy->tasks[i].id);
        buf_put_varint(ret, legacy->tasks[i].parent);
        buf_put_varint(ret, legacy->tasks[i].name);
    }
}

static void save_created(const struct legacy *legacy, struct buf *ret)
{
    const struct map *places = &legacy->created_places;

    buf_put_varint(ret, legacy->before_init ? places->n : 0);
    for (uint64_t i = 0; legacy->before_init && places->slots && i <= places->mask; i++)
        if (places->slots[i].value != MAP_NONE)
            buf_put_varint(ret, places->slots[i].key);
}

static int add_cut(struct order_snapshot *snapshot)
{
    if (!ROOM(snapshot->cuts, snapshot->n_cuts, snapshot->capacity))
        return GXT_ENOMEM;
    snapshot->cuts[snapshot->n_cuts++] = snapshot->bytes.size;
    return 0;
}

/* Those of one piece, by rising id. */
static int save_piece(const struct legacy *legacy, const struct pair *pairs, size_t n, struct order_snapshot *ret)
{
    int r = add_cut(ret);

    buf_put_varint(&ret->bytes, pairs[0].key >> PIECE_BITS);
    buf_put_varint(&ret->bytes, n);
    for (size_t i = 0; i < n; i++) {
        const struct seen_g *g = &legacy->gs[pairs[i].value];
        const bool has_thread = g->thread != GXT_NO_THREAD;
        buf_put_varint(&ret->bytes, pairs[i].key & ((1u << PIECE_BITS) - 1));
        buf_put_u8(&ret->bytes, (uint8_t)(g->state | (g->on_network ? ON_NETWORK : 0) | (has_thread ? HAS_THREAD : 0)));
        if (has_thread)
            buf_put_signed(&ret->bytes, g->thread);
    }
    return r;
}

static int save_goroutines(const struct legacy *legacy, struct order_snapshot *ret)
{
    struct pair *pairs = malloc(legacy->n_gs * sizeof *pairs);
    struct pairs_spare spare = {0};
    size_t n = 0;

    if (!pairs)
        return GXT_ENOMEM;
    for (uint32_t i = 0; i < legacy->n_gs; i++)
        if (legacy->gs[i].state != GXT_GO_NOT_EXIST)
            pairs[n++] = (struct pair){(uint64_t)legacy->gs[i].id, i};
    int r = pairs_sort(pairs, n, &spare);
    buf_put_varint(&ret->bytes, n);
    for (size_t begin = 0, end; r == 0 && begin < n; begin = end) {
        for (end = begin + 1; end < n && pairs[end].key >> PIECE_BITS == pairs[begin].key >> PIECE_BITS;)
            end++;
        r = save_piece(legacy, pairs + begin, end - begin, ret);
    }
    free(pairs);
    pairs_done(&spare);
    return r;
}

int legacy_save(struct legacy *legacy, struct order_snapshot *ret)
{
    ret->bytes.size = ret->n_cuts = 0;
    int r = old_sequence_save(legacy->sequence, &ret->bytes);
    if (r < 0)
        return r;
    buf_put_u8(&ret->bytes, (legacy->before_init ? BEFORE_INIT : 0) | (legacy->fell ? FELL : 0));
    buf_put_varint(&ret->bytes, legacy->n_syncs);
    buf_put_signed(&ret->bytes, legacy->last_ns);
    buf_put_varint(&ret->bytes, legacy->stop_reason);
    save_processors(legacy, &ret->bytes);
    save_tasks(legacy, &ret->bytes);
    save_created(legacy, &ret->bytes);
    r = save_goroutines(legacy, ret);
    return r == 0 && ret->bytes.failed ? GXT_ENOMEM : r;
}

/* ---- restoring ---- */

static int restore_processors(struct legacy *legacy, struct reader *in)
{
    for (size_t i = 0; i + 1 < legacy->trace.n_lanes; i++) {
        const uint8_t flags = reader_u8(in);
        legacy->ps[i].state = flags >> 1;
        legacy->ps[i].told = flags & 1;
        legacy->ps[i].thread = reader_signed(in);
        if (in->failed || flags >> 1 > GXT_PROC_IDLE)
            return GXT_EINDEX;
    }
    return 0;
}

static int restore_tasks(struct legacy *legacy, struct reader *in)
{
    const uint64_t n = reader_count(in, 3);

    for (uint64_t i = 0; i < n; i++) {
        struct old_task task = {.id = reader_varint(in)};
        task.parent = reader_varint(in);
        task.name = reader_varint(in);
        if (in->failed || map_get(&legacy->task_places, task.id) != MAP_NONE)
            return GXT_EINDEX;
        if (old_add_task(legacy, task) < 0)
            return GXT_ENOMEM;
    }
    return 0;
}

static int restore_created(struct legacy *legacy, struct reader *in)
{
    const uint64_t n = reader_count(in, 1);

    for (uint64_t i = 0; i < n; i++)
        if (old_add_created(legacy, reader_varint(in)) < 0)
            return GXT_ENOMEM;
    return 0;
}

static int restore_goroutines(struct legacy *legacy, struct reader *in)
{
    const uint64_t n = reader_count(in, 2);

    while (!in->failed && legacy->n_gs - 1 < n) {
        const uint64_t piece = reader_varint(in), n_piece = reader_count(in, 2);
        if (n_piece == 0 || piece > UINT64_MAX >> PIECE_BITS)
            return GXT_EINDEX;
        for (uint64_t i = 0; i < n_piece; i++) {
            const uint64_t low = reader_varint(in);
            const uint8_t flags = reader_u8(in);
            const gxt_threadid thread = flags & HAS_THREAD ? reader_signed(in) : GXT_NO_THREAD;
            const uint64_t id = piece << PIECE_BITS | low;
            if (in->failed || low >> PIECE_BITS != 0 || (flags & STATE) == GXT_GO_NOT_EXIST ||
                (flags & STATE) > GXT_GO_SYSCALL || old_place_of(legacy, id) != 0)
                return GXT_EINDEX;
            struct seen_g *g = old_seen_g(legacy, (gxt_goid)id);
            if (!g)
                return GXT_ENOMEM;
            g->state = flags & STATE;
            g->on_network = flags & ON_NETWORK;
            g->thread = thread;
        }
    }
    return in->failed || legacy->n_gs - 1 != n ? GXT_EINDEX : 0;
}

static int restore(struct legacy *legacy, struct reader *in)
{
    int r = old_sequence_restore(legacy->sequence, in);

    if (r < 0)
        return r;
    const uint8_t flags = reader_u8(in);
    legacy->before_init = flags & BEFORE_INIT;
    legacy->fell = flags & FELL;
    legacy->n_syncs = reader_varint(in);
    legacy->last_ns = reader_signed(in);
    legacy->stop_reason = reader_varint(in);
    legacy->has_begun = true;
    r = in->failed || legacy->n_syncs != 1 ? GXT_EINDEX : restore_processors(legacy, in);
    if (r == 0)
        r = restore_tasks(legacy, in);
    if (r == 0)
        r = restore_created(legacy, in);
    if (r == 0)
        r = restore_goroutines(legacy, in);
    return r == 0 && (in->failed || span_size(in->in) > 0) ? GXT_EINDEX : r;
}

int legacy_restore(struct legacy *legacy, struct span bytes, struct gxt_error *fault)
{
    struct reader in = {.in = bytes};

    /* Read by itself, when the index did not know it yet. */
    if (!legacy->trace.is_known && !legacy->is_refused)
        old_forget(legacy);
    legacy_reset(legacy);
    int r = legacy->fault.code;
    if (r == 0 && !legacy->was_read)
        r = old_prepare(legacy);
    if (r == 0)
        r = legacy->trace.is_known ? restore(legacy, &in) : GXT_EINDEX;
    if (r == 0)
        return 0;
    if (legacy->fault.code == r)
        *fault = legacy->fault;
    else
        (void)fault_set(fault, r, GXT_NO_OFFSET,
                        r == GXT_ENOMEM ? "no memory for a checkpoint" : "a checkpoint is damaged");
    legacy_reset(legacy);
    return r;
}
