/* draft.c
 *
 * In: records. Out: keys and values, gathered in memory. Never: a file, but to see whether content is there already.
 *
 *     puts    place of a key and its value, and their sizes
 *     log     key value │ key value │ …
 *
 * Drafts are made side by side, each by one thread. What one holds goes to the store as it is.
 */
#include "store_priv.h"

#include <stdlib.h>

static int no_memory(struct gxt_error *fault)
{
    return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory for the index");
}

/* ---- a draft ---- */

int draft_init(struct store_draft *draft, const struct store *there)
{
    *draft = (struct store_draft){.there = there, .packer = packer_new()};
    return draft->packer ? 0 : GXT_ENOMEM;
}

void draft_done(struct store_draft *draft)
{
    buf_done(&draft->log);
    buf_done(&draft->value);
    buf_done(&draft->raw);
    (void)packer_free(draft->packer);
    free(draft->puts);
    map_done(&draft->known);
}

struct store_draft *store_draft_new(void)
{
    struct store_draft *draft = malloc(sizeof *draft);

    if (draft && draft_init(draft, NULL) < 0)
        return store_draft_free(draft);
    return draft;
}

struct store_draft *store_draft_free(struct store_draft *draft)
{
    if (!draft)
        return NULL;
    draft_done(draft);
    free(draft);
    return NULL;
}

void store_draft_clear(struct store_draft *draft)
{
    draft->n_puts = 0;
    draft->log.size = 0;
    map_clear(&draft->known);
}

size_t store_draft_bytes(const struct store_draft *draft)
{
    return draft->log.size;
}

static struct put *room_for_put(struct store_draft *draft)
{
    struct put *grown = array_grow(draft->puts, draft->n_puts, &draft->puts_capacity, sizeof *grown);

    if (grown)
        draft->puts = grown;
    return grown ? &grown[draft->n_puts] : NULL;
}

/* Seals draft->value and puts it under a key. */
int draft_put(struct store_draft *draft, const struct key *key, struct gxt_error *fault)
{
    struct put *put = room_for_put(draft);
    const size_t at = draft->log.size;

    value_seal(&draft->value, key);
    buf_put(&draft->log, key->at, key->size);
    buf_put(&draft->log, draft->value.at, draft->value.size);
    if (!put || draft->value.failed || draft->log.failed || draft->value.size > UINT32_MAX)
        return no_memory(fault);
    *put = (struct put){at, (uint32_t)draft->value.size, key->size};
    draft->n_puts++;
    return 0;
}

struct buf *draft_value(struct store_draft *draft)
{
    draft->value.size = 0;
    return &draft->value;
}

int store_put_generation(struct store_draft *draft, uint64_t generation, const struct store_generation *record,
                         struct gxt_error *fault)
{
    const struct key key = key_of(TAG_GENERATION, generation);

    generation_encode(record, draft_value(draft));
    return draft_put(draft, &key, fault);
}

int store_put_dir(struct store_draft *draft, uint64_t generation, const struct gen_dir *dir, struct gxt_error *fault)
{
    size_t first = 0;
    uint32_t chunk = 0;

    do {
        const struct key key = key_chunk(TAG_DIR, generation, chunk++);
        size_t n = dir->n_batches - first < DIR_BATCHES ? dir->n_batches - first : DIR_BATCHES;
        dir_encode(dir, first, n, draft_value(draft));
        int r = draft_put(draft, &key, fault);
        if (r < 0)
            return r;
        first += n;
    } while (first < dir->n_batches);
    return 0;
}

/* ---- packed ---- */

static struct buf *begin_packed(struct store_draft *draft)
{
    draft->raw.size = 0;
    return &draft->raw;
}

/* Makes draft->value of draft->raw, behind what is in it. */
static void pack_raw(struct store_draft *draft)
{
    pack(draft->packer, draft->raw.at, draft->raw.size, &draft->value);
    draft->value.failed = draft->value.failed || draft->raw.failed;
}

int store_put_rows(struct store_draft *draft, enum store_list list, uint64_t generation, uint32_t chunk,
                   const void *rows, size_t n, struct gxt_error *fault)
{
    const struct key key = key_chunk(list_tag(list), generation, chunk);
    struct list_ends ends;

    list_encode(list, rows, n, begin_packed(draft), &ends);
    pack_list(draft->packer, &draft->raw, &ends, draft_value(draft));
    return draft_put(draft, &key, fault);
}

int store_put_piece(struct store_draft *draft, uint64_t generation, unsigned stream, uint64_t number, struct span bytes,
                    struct gxt_error *fault)
{
    struct key key;

    if (!key_piece(generation, stream, number, &key))
        return fault_set(fault, GXT_ELIMIT, GXT_NO_OFFSET, "the trace is too long for an index");
    buf_put(begin_packed(draft), bytes.at, span_size(bytes));
    (void)draft_value(draft);
    pack_raw(draft);
    return draft_put(draft, &key, fault);
}

/* ---- content, once ---- */

/* What has its content's name. */
struct content {
    uint64_t name;
    uint32_t what;     /* a KNOWN_… bit */
    struct span bytes; /* before packing */
};

bool draft_knows(const struct store_draft *draft, uint64_t name, uint32_t what)
{
    const uint32_t known = map_get(&draft->known, name);

    return known != MAP_NONE && (known & what) != 0;
}

/* Looks at what stands under a key. 0; GXT_ENOENT for nothing; GXT_EINDEX, also for another content. Chunks are
 * compared unpacked: packed by another zstd the same is other bytes. */
static int expect_same(const struct store *there, const struct key *key, const struct content *content,
                       struct gxt_error *fault)
{
    struct buf value = {0}, unpacked = {0};
    const bool is_packed = content->what == KNOWN_CHUNK;
    const size_t size = span_size(content->bytes);

    int r = reader_value(there, key, &value, fault);
    if (r == 0 && is_packed && unpack(buf_span(&value), &unpacked) == GXT_ENOMEM)
        r = no_memory(fault);
    const struct buf *same = is_packed ? &unpacked : &value;
    if (r == 0 && (same->size != size || (size > 0 && memcmp(same->at, content->bytes.at, size) != 0)))
        r = fault_set(fault, GXT_EINDEX, GXT_NO_OFFSET, "two contents have one name in the index");
    buf_done(&value);
    buf_done(&unpacked);
    return r;
}

/* From here on content that was not known is. @ret_new: whether it is not in the store either. */
static int meet(struct store_draft *draft, const struct key *key, const struct content *content, bool *ret_new,
                struct gxt_error *fault)
{
    const uint32_t known = map_get(&draft->known, content->name);
    const int r = draft->there ? expect_same(draft->there, key, content, fault) : GXT_ENOENT;

    if (r < 0 && r != GXT_ENOENT)
        return r;
    *ret_new = r == GXT_ENOENT;
    return map_put(&draft->known, content->name, (known == MAP_NONE ? 0 : known) | content->what) < 0 ? no_memory(fault)
                                                                                                      : 0;
}

int draft_put_once(struct store_draft *draft, const struct key *key, uint32_t what, bool *ret_new,
                   struct gxt_error *fault)
{
    const struct buf *bytes = what == KNOWN_CHUNK ? &draft->raw : &draft->value;
    const struct content content = {key_number(key), what, buf_span(bytes)};

    *ret_new = false;
    if (draft->value.failed || draft->raw.failed)
        return no_memory(fault); /* what is not all there is not to be compared */
    const int r = meet(draft, key, &content, ret_new, fault);
    return r == 0 && *ret_new ? draft_put(draft, key, fault) : r;
}

static int put_chunk(struct store_draft *draft, const uint8_t *bytes, size_t size, uint64_t name,
                     struct gxt_error *fault)
{
    const struct key key = key_of(TAG_CHUNK, name);
    bool is_new;

    if (draft_knows(draft, name, KNOWN_CHUNK))
        return 0;
    buf_put(begin_packed(draft), bytes, size);
    (void)draft_value(draft);
    pack_raw(draft);
    return draft_put_once(draft, &key, KNOWN_CHUNK, &is_new, fault);
}

static int put_piece(struct store_draft *draft, struct span piece, struct buf *names, struct gxt_error *fault)
{
    int r = 0;

    while (r == 0 && span_size(piece) > 0) {
        size_t n = span_size(piece) < CHUNK_BYTES ? span_size(piece) : CHUNK_BYTES;
        uint64_t name = hash_bytes(piece.at, n);
        buf_put_u64(names, name);
        r = put_chunk(draft, piece.at, n, name, fault);
        piece.at += n;
    }
    return r;
}

/* Snapshots that are cut in many pieces stand in chunks, of which others may have some; else in their record. */
static int put_snapshot(struct store_draft *draft, const struct key *key, struct span bytes, const size_t *cuts,
                        size_t n_cuts, struct gxt_error *fault)
{
    struct buf names = {0};
    const uint8_t *at = bytes.at;
    int r = 0;

    if (span_size(bytes) <= STORE_GROUP_BYTES && (n_cuts == 0 || span_size(bytes) <= CHUNK_BYTES)) {
        buf_put(begin_packed(draft), bytes.at, span_size(bytes));
        buf_put_u8(draft_value(draft), SNAPSHOT_WHOLE);
        pack_raw(draft);
        return draft_put(draft, key, fault);
    }
    for (size_t i = 0; r == 0 && i <= n_cuts; i++) {
        const uint8_t *end = i < n_cuts ? bytes.at + cuts[i] : bytes.end;
        r = put_piece(draft, (struct span){at, end}, &names, fault);
        at = end;
    }
    buf_put_u8(draft_value(draft), SNAPSHOT_CHUNKS);
    buf_put(&draft->value, names.at, names.size);
    if (r == 0)
        r = names.failed ? no_memory(fault) : draft_put(draft, key, fault);
    buf_done(&names);
    return r;
}

int store_put_checkpoint(struct store_draft *draft, uint64_t generation, struct span snapshot, const size_t *cuts,
                         size_t n_cuts, struct gxt_error *fault)
{
    const struct key key = key_of(TAG_CHECKPOINT, generation);
    return put_snapshot(draft, &key, snapshot, cuts, n_cuts, fault);
}

int store_put_group(struct store_draft *draft, uint64_t generation, uint64_t group, struct span snapshots,
                    const size_t *cuts, size_t n_cuts, struct gxt_error *fault)
{
    const struct key key = key_chunk(TAG_GROUP, generation, (uint32_t)group);
    return put_snapshot(draft, &key, snapshots, cuts, n_cuts, fault);
}

/* ---- one draft taken by another ---- */

/* What the name of a put's content names; 0 for what is no content. */
static uint32_t content_of(const struct store_draft *draft, const struct put *put)
{
    switch (draft->log.at[put->at]) {
    case TAG_STRING:
        return KNOWN_STRING;
    case TAG_STACK:
        return KNOWN_STACK;
    case TAG_CHUNK:
        return KNOWN_CHUNK;
    default:
        return 0;
    }
}

bool draft_is_content(const struct store_draft *draft, const struct put *put)
{
    return content_of(draft, put) != 0;
}

/* The content of a put, unpacked where it is compared with what is there. */
static int content_at(struct store_draft *into, const struct store_draft *from, const struct put *put, bool is_packed,
                      struct span *ret)
{
    const uint8_t *value = from->log.at + put->at + put->key_size;
    const struct span span = {value, value + put->value_size - CHECKSUM_BYTES};
    struct buf *raw = begin_packed(into);
    const int r = is_packed && into->there ? unpack(span, raw) : 0;

    *ret = is_packed ? buf_span(raw) : span;
    return r;
}

/* Whether content of another draft is new here; from then on it is known. */
static int meet_put(struct store_draft *into, const struct store_draft *from, const struct put *put, bool *ret_new,
                    struct gxt_error *fault)
{
    struct content content = {.what = content_of(from, put)};
    struct key key = {.size = put->key_size};

    memcpy(key.at, from->log.at + put->at, put->key_size);
    content.name = key_number(&key);
    *ret_new = false;
    if (draft_knows(into, content.name, content.what))
        return 0;
    if (content_at(into, from, put, content.what == KNOWN_CHUNK, &content.bytes) < 0)
        return no_memory(fault);
    return meet(into, &key, &content, ret_new, fault);
}

/* Leaves out the content that is known here; its bytes stay in the log. */
static int drop_known(struct store_draft *into, struct store_draft *from, struct gxt_error *fault)
{
    size_t n = 0;
    int r = 0;

    for (size_t i = 0; r == 0 && i < from->n_puts; i++) {
        const struct put put = from->puts[i];
        bool is_new = true;
        if (draft_is_content(from, &put))
            r = meet_put(into, from, &put, &is_new, fault);
        if (is_new)
            from->puts[n++] = put;
    }
    from->n_puts = n;
    return r;
}

static void swap_logs(struct store_draft *a, struct store_draft *b)
{
    const struct store_draft spare = *a;

    a->log = b->log;
    a->puts = b->puts;
    a->n_puts = b->n_puts;
    a->puts_capacity = b->puts_capacity;
    b->log = spare.log;
    b->puts = spare.puts;
    b->n_puts = spare.n_puts;
    b->puts_capacity = spare.puts_capacity;
}

/* The longer log stays where it is, and the other is added to it. */
int draft_take(struct store_draft *into, struct store_draft *from, struct gxt_error *fault)
{
    int r = drop_known(into, from, fault);

    if (from->log.size > into->log.size)
        swap_logs(into, from);
    const size_t begin = into->log.size;
    buf_put(&into->log, from->log.at, from->log.size);
    for (size_t i = 0; r == 0 && i < from->n_puts; i++) {
        struct put *put = room_for_put(into);
        if (!put || into->log.failed)
            return no_memory(fault);
        *put = from->puts[i];
        put->at += begin;
        into->n_puts++;
    }
    store_draft_clear(from);
    return r;
}
