/* crowd_list.c
 *
 * In: what was noted of a table of goroutines (state.c). Out: all of them, or what has become of those that changed
 * since the last boundary, by rising id. Never: a look at one that has waited since the last time.
 *
 *     start       all, as they were listed at the last boundary
 *     settled     of those that changed since: they wait, as they did when they were listed last
 *     notes       of those that changed since and are not settled, one or more each
 *
 *     at a boundary       notes over settled over start
 *     inside              notes over settled; whom it finds waiting as before settles
 *
 * Who is settled is not touched, so what is done to it is noted. Of a crowd nearly all wait, and in most generations
 * all that is told of them is that they do.
 */
#include "order_priv.h"

#include <stdlib.h>

/* Puts one behind the others. Return: whether there is memory for it. */
static inline bool push(struct crowd_entries *entries, const struct crowd_entry *entry)
{
    struct crowd_entry *grown = array_grow(entries->list, entries->n, &entries->capacity, sizeof *grown);

    if (UNLIKELY(!grown))
        return false;
    entries->list = grown;
    entries->list[entries->n++] = *entry;
    return true;
}

/* Adds goroutines to the last entry, where nothing tells them apart, or behind it. Return: as push(). */
static inline bool append(struct crowd_entries *entries, const struct crowd_entry *more)
{
    struct crowd_entry *last = entries->n > 0 ? &entries->list[entries->n - 1] : NULL;

    if (LIKELY(last != NULL) && last->id + last->n == more->id && last->flags == more->flags &&
        last->seq == more->seq && !more->extra) {
        last->n += more->n;
        return true;
    }
    return push(entries, more);
}

/* ---- notes ---- */

/* Whoever was added is looked at: those who have gone since leave no trace. */
static void look_at_added(struct sched_table *table)
{
    struct sched_changes *changes = &table->changes;
    struct pair *pairs = changes->list.pairs;
    size_t n = changes->n_sorted;

    while (n < changes->n && !(pairs[n].value & SCHED_ADDED))
        n++;
    for (size_t i = n; i < changes->n; i++) {
        struct pair note = pairs[i];
        if (note.value & SCHED_ADDED) {
            struct sched_resource *resource = &table->items[(uint32_t)note.value];
            resource->is_added = false;
            if (!resource->live)
                continue;
            note = (struct pair){(uint64_t)resource->id, note.value & ~SCHED_ADDED};
        }
        pairs[n++] = note;
    }
    changes->n = n;
}

/* Brings the list in order. A place follows another one, and most of what changed before the first changed before both:
 * so only what was noted since is sorted. */
static bool sort_changes(struct sched_table *table)
{
    struct sched_changes *changes = &table->changes;
    struct pair *pairs = changes->list.pairs;
    const size_t n_old = changes->n_sorted;

    look_at_added(table);
    if (changes->n == n_old)
        return true;
    if (pairs_sort(pairs + n_old, changes->n - n_old, &changes->spare) < 0 ||
        pairs_merge(pairs, n_old, changes->n, &changes->spare) < 0)
        return false;
    changes->n_sorted = changes->n;
    return true;
}

/* What was noted, if it is still there. */
static struct sched_resource *noted(const struct sched_table *table, const struct pair *note)
{
    const uint32_t place = (uint32_t)note->value;

    if (place == SCHED_GONE)
        return NULL;
    struct sched_resource *resource = &table->items[place];
    return LIKELY(resource->live && (uint64_t)resource->id == note->key) ? resource : NULL;
}

/* ---- the list ---- */

/* What has not come into the list yet. Runs are used up as they are listed. */
struct rest {
    struct crowd_entry *at, *end;
};

struct listing {
    struct sched_table *table;
    struct crowd_entries *ret;
    struct rest start, settled;
    bool changes;        /* whether it is what has changed, … */
    uint64_t generation; /* … in the one of this number */
    bool failed;
};

static inline void add(struct listing *listing, const struct crowd_entry *more)
{
    if (UNLIKELY(!append(listing->ret, more)))
        listing->failed = true;
}

static inline void settle(struct listing *listing, const struct crowd_entry *more)
{
    if (UNLIKELY(!append(&listing->table->changes.settling, more)))
        listing->failed = true;
}

static inline bool is_up_to(const struct rest *rest, uint64_t last_id)
{
    return rest->at < rest->end && rest->at->id <= last_id;
}

/* Takes of the first run what has ids up to this one, which it has. */
static struct crowd_entry take_run(struct rest *rest, uint64_t last_id)
{
    struct crowd_entry run = *rest->at;
    const uint64_t behind = run.n - 1, most = last_id - run.id;

    run.n = 1 + (behind < most ? behind : most);
    rest->at->id += run.n;
    rest->at->n -= run.n;
    rest->at += rest->at->n == 0;
    return run;
}

/* Leaves out those that have ids up to this one. */
static void pass(struct rest *rest, uint64_t last_id)
{
    while (is_up_to(rest, last_id))
        (void)take_run(rest, last_id);
}

static void list_start(struct listing *listing, uint64_t last_id)
{
    while (is_up_to(&listing->start, last_id)) {
        const struct crowd_entry run = take_run(&listing->start, last_id);
        add(listing, &run);
    }
}

/* Lists those that have ids up to this one, of which nothing is noted. */
static void list_rest(struct listing *listing, uint64_t last_id)
{
    while (is_up_to(&listing->settled, last_id)) {
        const uint64_t id = listing->settled.at->id;
        if (id > 0)
            list_start(listing, id - 1);
        struct crowd_entry run = take_run(&listing->settled, last_id);
        if (listing->changes)
            settle(listing, &run);
        else
            run = (struct crowd_entry){.id = id, .n = run.n, .flags = run.flags & CROWD_STATUS};
        pass(&listing->start, id + run.n - 1);
        add(listing, &run);
    }
    list_start(listing, last_id);
}

/* And leaves that one out. */
static __attribute__((noinline)) void list_before(struct listing *listing, uint64_t id)
{
    if (id > 0)
        list_rest(listing, id - 1);
    pass(&listing->start, id);
    pass(&listing->settled, id);
}

/* Whether there are regions or ranges to be told of. */
static bool has_extra(const struct sched_extra *extra, bool changes)
{
    const size_t n_regions = changes ? extra->n_popped + (extra->n_regions - extra->n_before) : extra->n_regions;

    return n_regions > 0 || extra->n_ranges > 0;
}

static inline struct crowd_entry entry_of(const struct listing *listing, const struct sched_resource *resource)
{
    const bool changes = listing->changes;
    const uint64_t is_told = (uint64_t)changes & (resource->seq_generation == listing->generation);
    struct crowd_entry entry = {.id = (uint64_t)resource->id,
                                .n = 1,
                                .seq = resource->seq & -is_told,
                                .flags = (uint8_t)(resource->status | is_told * CROWD_TOLD)};

    if (UNLIKELY(resource->extra != NULL) && has_extra(resource->extra, changes)) {
        entry.extra = resource->extra;
        entry.flags |= CROWD_EXTRA;
    }
    return entry;
}

/* Lists what was noted under one id, more than once, or that it has gone. What came and went since the start leaves no
 * trace, here and in the list. Of one that has gone and come again it is told that it is there, anew. @kept: where what
 * is kept of the notes goes, and may be where they stand: a line for what is there, and one where one has gone. Return:
 * how many. */
static __attribute__((noinline)) size_t list_notes(struct listing *listing, const struct pair *notes, size_t n,
                                                   struct pair *kept)
{
    const struct sched_resource *there = NULL;
    const uint64_t id = notes->key;
    bool has_gone = false;
    size_t n_kept = 0;

    for (size_t i = 0; i < n; i++) {
        there = there ? there : noted(listing->table, &notes[i]);
        has_gone = has_gone || notes[i].value == SCHED_GONE;
    }
    if (there)
        kept[n_kept++] = (struct pair){id, (uint64_t)(there - listing->table->items)};
    if (has_gone)
        kept[n_kept++] = (struct pair){id, SCHED_GONE};
    struct crowd_entry entry = {.id = id, .n = 1, .flags = CROWD_GONE};
    if (there)
        entry = entry_of(listing, there);
    if (there && has_gone && listing->changes)
        entry.flags |= CROWD_ANEW;
    if (there || (has_gone && listing->changes))
        add(listing, &entry);
    return n_kept;
}

/* One settles that was not there at the start: sched_mark() is to find it. */
static __attribute__((noinline)) void keep_born(struct listing *listing, struct sched_resource *resource)
{
    struct sched_changes *changes = &listing->table->changes;
    uint32_t *grown = resource->is_born
                          ? changes->born
                          : array_grow(changes->born, changes->n_born, &changes->born_capacity, sizeof *grown);

    if (!grown) {
        listing->failed = true;
        return;
    }
    changes->born = grown;
    if (!resource->is_born)
        grown[changes->n_born++] = (uint32_t)(resource - listing->table->items);
    resource->is_born = true;
}

/* Lists what was noted once, and is there, or lets it settle. Return: how many lines of it are kept, at @kept. In a
 * line's upper half is what tells, probably, whether it has waited since: a mark of it. */
static inline size_t list_one(struct listing *listing, struct sched_resource *resource, const struct pair *note,
                              struct pair *kept)
{
    const struct crowd_entry entry = entry_of(listing, resource);
    /* What it has had since before is not told inside a generation, but at the next boundary. */
    const bool waits = entry.flags == (G_WAITING | CROWD_TOLD) && !resource->extra;

    add(listing, &entry);
    if (waits && (entry.seq == 0 || note->value >> 32 == (uint32_t)entry.seq)) {
        resource->touched = false;
        if (UNLIKELY(!resource->at_start))
            keep_born(listing, resource);
        settle(listing, &entry);
        return 0;
    }
    *kept = (struct pair){note->key, (uint32_t)note->value | (waits ? entry.seq << 32 : 0)};
    return 1;
}

/* Behind one that was listed and has settled: does the same with those that have the ids behind its, as far as nothing
 * tells them apart. Of the notes from @note on the last is not one of theirs: it tells whether the one before it is the
 * only one of its id. Return: behind their notes. */
static __attribute__((noinline)) const struct pair *settle_run(struct listing *listing, const struct pair *note,
                                                               const struct pair *last)
{
    const struct sched_resource waits = {.status = G_WAITING, .live = true, .touched = true};
    struct sched_resource *const items = listing->table->items;
    struct crowd_entry *listed = &listing->ret->list[listing->ret->n - 1];
    struct crowd_entry *settled = &listing->table->changes.settling.list[listing->table->changes.settling.n - 1];
    const uint64_t seq = listed->seq, generation = listing->generation, behind = listed->id + listed->n;
    uint64_t id = behind;

    if (note >= last || note->key != id)
        return note;
    for (; note < last && note[1].key == id + 1; note++, id++) {
        const uint64_t place = note->value ^ seq << 32;
        if (UNLIKELY(place >= SCHED_GONE)) /* it is, or has not waited since */
            break;
        struct sched_resource *resource = &items[place];
        if (UNLIKELY((uint64_t)resource->id != id || resource->word != waits.word || resource->seq != seq ||
                     resource->seq_generation != generation || resource->extra))
            break;
        resource->touched = false;
        if (UNLIKELY(!resource->at_start))
            keep_born(listing, resource);
    }
    settled->n += id - behind;
    listed->n += id - behind;
    return note;
}

/* The first id that is not noted: before those that follow it there is something to list. */
static uint64_t next_rest(const struct listing *listing)
{
    const uint64_t start = is_up_to(&listing->start, UINT64_MAX) ? listing->start.at->id : UINT64_MAX;
    const uint64_t settled = is_up_to(&listing->settled, UINT64_MAX) ? listing->settled.at->id : UINT64_MAX;

    return start < settled ? start : settled;
}

/* Up to where notes in a row have ids before this one, but no further than to the last of them. */
static inline const struct pair *last_before(const struct pair *note, const struct pair *end, uint64_t next_id)
{
    const struct pair *last = end - (note < end);

    return note < end && next_id - note->key < (size_t)(last - note) ? note + (next_id - note->key) : last;
}

static void list_all(struct listing *listing)
{
    struct sched_changes *changes = &listing->table->changes;
    struct pair *kept = changes->list.pairs;
    const struct pair *const end = changes->n > 0 ? kept + changes->n : kept;
    uint64_t next_id = next_rest(listing);

    for (const struct pair *note = kept; note < end;) {
        const uint64_t id = note->key;
        if (UNLIKELY(id >= next_id)) {
            list_before(listing, id);
            next_id = next_rest(listing);
        }
        if (LIKELY(note + 1 == end || note[1].key != id) && LIKELY(note->value != SCHED_GONE)) {
            struct sched_resource *resource = noted(listing->table, note);
            const size_t n_kept = resource ? list_one(listing, resource, note, kept) : 0;
            kept += n_kept;
            note++;
            if (resource && n_kept == 0 && !listing->failed)
                note = settle_run(listing, note, last_before(note, end, next_id));
            continue;
        }
        size_t n = 1;
        while (note + n < end && note[n].key == id)
            n++;
        kept += list_notes(listing, note, n, kept);
        note += n;
    }
    list_rest(listing, UINT64_MAX);
    if (changes->n > 0)
        changes->n = changes->n_sorted = (size_t)(kept - changes->list.pairs);
}

static void swap(struct crowd_entries *a, struct crowd_entries *b)
{
    const struct crowd_entries spare = *a;

    *a = *b;
    *b = spare;
}

static struct rest rest_of(const struct crowd_entries *entries)
{
    return (struct rest){entries->list, entries->n > 0 ? entries->list + entries->n : entries->list};
}

const struct crowd_entries *crowd_list(struct sched_table *table, bool changes, uint64_t generation)
{
    struct sched_changes *known = &table->changes;
    struct listing listing = {.table = table, .ret = &known->listed, .changes = changes, .generation = generation};

    if (!changes && !known->knows_start && !sched_note_all(table))
        return NULL;
    if (!sort_changes(table))
        return NULL;
    known->listed.n = known->settling.n = 0;
    listing.settled = rest_of(&known->settled);
    if (!changes && known->knows_start)
        listing.start = rest_of(&known->start);
    list_all(&listing);
    swap(&known->settled, &known->settling);
    if (listing.failed) {
        table->lost = GXT_ENOMEM; /* what was used up is not known any more */
        return NULL;
    }
    if (changes)
        return &known->listed;
    swap(&known->start, &known->listed);
    known->knows_start = true;
    return &known->start;
}
