/* schema.c
 *
 * In: records. Out: keys and values as FORMAT.md describes them, and back. Never: a file.
 *
 * A value ends with XXH3 of its bytes, seeded with that of its key: a value that is damaged, or stands under another
 * key, is not believed.
 */
#include "store_priv.h"

#include <stdlib.h>
#include <unistd.h>

/* Raised whenever what is written changes its meaning; FORMAT.md tells each. */
#define SCHEMA 9
/* Flags of what a reader must know (refuse if unknown) and may know. */
#define INCOMPATIBLE_KNOWN UINT64_C(0)
#define COMPATIBLE UINT64_C(0)
#define BYTE_ORDER_MARK UINT32_C(0x01020304)

static const char magic[16] = "gxt sidecar\r\n\x1a";

/* ---- keys ---- */

static void put_big_endian(struct key *key, uint64_t number, unsigned size)
{
    while (size-- > 0)
        key->at[key->size++] = (uint8_t)(number >> size * 8);
}

struct key key_meta(void)
{
    return (struct key){.at = {TAG_META}, .size = 1};
}

struct key key_of(enum tag tag, uint64_t number)
{
    struct key key = {.at = {(uint8_t)tag}, .size = 1};
    put_big_endian(&key, number, 8);
    return key;
}

uint64_t key_number(const struct key *key)
{
    uint64_t number = 0;

    for (size_t i = 1; i < key->size; i++)
        number = number << 8 | key->at[i];
    return number;
}

struct key key_chunk(enum tag tag, uint64_t generation, uint32_t chunk)
{
    struct key key = key_of(tag, generation);
    put_big_endian(&key, chunk, 4);
    return key;
}

bool key_piece(uint64_t generation, unsigned stream, uint64_t number, struct key *ret)
{
    enum {
        NUMBER_BITS = 28
    };

    *ret = key_chunk(TAG_PIECE, generation, (uint32_t)stream << NUMBER_BITS | (uint32_t)number);
    return stream < 1u << (32 - NUMBER_BITS) && number >> NUMBER_BITS == 0;
}

/* ---- checksums ---- */

static uint64_t checksum(const void *bytes, size_t size, const struct key *key)
{
    return hash_bytes_seed(bytes, size, hash_bytes(key->at, key->size));
}

void value_seal(struct buf *value, const struct key *key)
{
    if (!value->failed)
        buf_put_u64(value, checksum(value->at, value->size, key));
}

bool value_proved(struct buf *value, const struct key *key)
{
    if (value->size < CHECKSUM_BYTES)
        return false;
    value->size -= CHECKSUM_BYTES;
    struct reader end = {.in = {value->at + value->size, value->at + value->size + CHECKSUM_BYTES}};
    return reader_u64(&end) == checksum(value->at, value->size, key);
}

/* ---- meta ---- */

static void put_counts(struct buf *ret, const uint64_t counts[GXT_N_KINDS])
{
    buf_put_varint(ret, GXT_N_KINDS);
    for (size_t kind = 0; kind < GXT_N_KINDS; kind++)
        buf_put_varint(ret, counts[kind]);
}

static void read_counts(struct reader *in, uint64_t counts[GXT_N_KINDS])
{
    if (reader_varint(in) != GXT_N_KINDS)
        in->failed = true;
    for (size_t kind = 0; kind < GXT_N_KINDS; kind++)
        counts[kind] = reader_varint(in);
}

static void put_text(struct buf *ret, const char *text, size_t most)
{
    size_t length = strnlen(text, most);
    buf_put_varint(ret, length);
    buf_put(ret, text, length);
}

static void read_text(struct reader *in, char *ret, size_t room)
{
    uint64_t length = reader_varint(in);
    const uint8_t *bytes = reader_bytes(in, length);

    if (!bytes || length >= room) {
        in->failed = true;
        return;
    }
    memcpy(ret, bytes, (size_t)length);
    ret[length] = '\0';
}

static void put_fault(struct buf *ret, const struct gxt_error *fault)
{
    buf_put_signed(ret, fault->code);
    buf_put_varint(ret, fault->offset);
    put_text(ret, fault->message, sizeof fault->message - 1);
}

static void read_fault(struct reader *in, struct gxt_error *ret)
{
    ret->code = (int)reader_signed(in);
    ret->offset = reader_varint(in);
    read_text(in, ret->message, sizeof ret->message);
    /* What a trace's bytes may have, and nothing else: who asks for the fault acts by its code. */
    if (ret->code != 0 && ret->code != GXT_ETRUNCATED && ret->code != GXT_ECORRUPT && ret->code != GXT_EORDER &&
        ret->code != GXT_ELIMIT)
        in->failed = true;
}

static void put_loss(struct buf *ret, const struct gxt_loss *loss)
{
    put_fault(ret, &loss->first);
    if (loss->first.code == 0)
        return;
    buf_put_varint(ret, loss->n_faults);
    buf_put_varint(ret, loss->n_names);
    buf_put_varint(ret, loss->n_generations);
    buf_put_varint(ret, loss->n_bytes);
    buf_put_signed(ret, loss->from_ns);
    buf_put_signed(ret, loss->to_ns);
}

static void read_loss(struct reader *in, struct gxt_loss *ret)
{
    *ret = (struct gxt_loss){0};
    read_fault(in, &ret->first);
    if (ret->first.code == 0)
        return;
    ret->n_faults = reader_varint(in);
    ret->n_names = reader_varint(in);
    ret->n_generations = reader_varint(in);
    ret->n_bytes = reader_varint(in);
    ret->from_ns = reader_signed(in);
    ret->to_ns = reader_signed(in);
}

static uint64_t page_bytes(void)
{
    return (uint64_t)sysconf(_SC_PAGESIZE);
}

void meta_encode(const struct store_meta *meta, struct buf *ret)
{
    const uint32_t mark = BYTE_ORDER_MARK; /* as this machine writes it */

    buf_put(ret, magic, sizeof magic);
    buf_put_u64(ret, SCHEMA);
    buf_put_u64(ret, 0); /* of the flags that a reader must know */
    buf_put_u64(ret, COMPATIBLE);
    buf_put(ret, &mark, sizeof mark);
    buf_put_varint(ret, page_bytes());
    put_text(ret, GXT_VERSION, 32);

    buf_put_u64(ret, meta->fingerprint);
    buf_put_varint(ret, (uint64_t)meta->version);
    buf_put_varint(ret, meta->trace_bytes);
    buf_put_varint(ret, meta->covered_bytes);
    buf_put_u64(ret, meta->covered_hash);
    buf_put_u8(ret, (uint8_t)(meta->complete | meta->rising << 1 | meta->recovers << 2 | meta->listed_at_end << 3));
    buf_put_varint(ret, meta->n_generations);
    buf_put_varint(ret, meta->n_events);
    put_counts(ret, meta->n_by_kind);
    buf_put_signed(ret, meta->first_ns);
    buf_put_signed(ret, meta->last_ns);
    buf_put_varint(ret, meta->n_strings);
    buf_put_varint(ret, meta->n_stacks);
    buf_put_varint(ret, meta->n_goroutines);
    put_fault(ret, &meta->fault);
    put_loss(ret, &meta->loss);
    buf_put_varint(ret, meta->n_sound);
    for (size_t i = 0; i < 2; i++)
        buf_put_varint(ret, meta->n_listed[i]);
}

static int check_machine(struct reader *in, struct gxt_error *fault)
{
    uint32_t mark = 0;
    char version[33];

    uint64_t schema = reader_u64(in);
    if (schema != SCHEMA)
        return fault_set(fault, GXT_EINDEX, GXT_NO_OFFSET, "the index has schema %llu, this gxt reads schema %d",
                         (unsigned long long)schema, SCHEMA);
    uint64_t incompatible = reader_u64(in);
    if ((incompatible & ~INCOMPATIBLE_KNOWN) != 0)
        return fault_set(fault, GXT_EINDEX, GXT_NO_OFFSET, "the index uses features that this gxt does not know (%llx)",
                         (unsigned long long)incompatible);
    (void)reader_u64(in);
    const uint8_t *bytes = reader_bytes(in, sizeof mark);
    if (bytes)
        memcpy(&mark, bytes, sizeof mark);
    uint64_t page = reader_varint(in);
    read_text(in, version, sizeof version);
    if (!in->failed && (mark != BYTE_ORDER_MARK || page != page_bytes()))
        return fault_set(fault, GXT_EINDEX, GXT_NO_OFFSET,
                         "the index is of a machine with another byte order or page size");
    return 0;
}

static void read_meta(struct reader *in, struct store_meta *ret)
{
    *ret = (struct store_meta){.fingerprint = reader_u64(in)};
    ret->version = (int)reader_varint(in);
    ret->trace_bytes = reader_varint(in);
    ret->covered_bytes = reader_varint(in);
    ret->covered_hash = reader_u64(in);
    uint8_t flags = reader_u8(in);
    ret->complete = flags & 1;
    ret->rising = flags >> 1 & 1;
    ret->recovers = flags >> 2 & 1;
    ret->listed_at_end = flags >> 3 & 1;
    ret->n_generations = reader_varint(in);
    ret->n_events = reader_varint(in);
    read_counts(in, ret->n_by_kind);
    ret->first_ns = reader_signed(in);
    ret->last_ns = reader_signed(in);
    ret->n_strings = reader_varint(in);
    ret->n_stacks = reader_varint(in);
    ret->n_goroutines = reader_varint(in);
    read_fault(in, &ret->fault);
    read_loss(in, &ret->loss);
    ret->n_sound = reader_varint(in);
    for (size_t i = 0; i < 2; i++)
        ret->n_listed[i] = reader_varint(in);
    if (ret->n_sound > ret->n_generations || ret->n_listed[0] > ret->n_generations ||
        (ret->n_listed[1] > 0 && ret->n_listed[1] >= ret->n_listed[0]))
        in->failed = true;
}

int meta_decode(const struct buf *value, struct store_meta *ret, struct gxt_error *fault)
{
    struct reader in = {.in = buf_span(value)};

    const uint8_t *begin = reader_bytes(&in, sizeof magic);
    if (!begin || memcmp(begin, magic, sizeof magic) != 0)
        return fault_set(fault, GXT_EINDEX, GXT_NO_OFFSET, "the file is no index of gxt");
    int r = check_machine(&in, fault);
    if (r < 0)
        return r;
    read_meta(&in, ret);
    if (in.failed)
        return fault_set(fault, GXT_EINDEX, GXT_NO_OFFSET, "the index's first record is damaged");
    return 0;
}

bool schema_is_ours(const void *bytes, size_t size)
{
    return memmem(bytes, size, magic, sizeof magic) != NULL;
}

/* ---- generations ---- */

void generation_encode(const struct store_generation *record, struct buf *ret)
{
    const struct gxt_generation *facts = &record->facts;
    uint64_t ns_per_tick;

    memcpy(&ns_per_tick, &facts->ns_per_tick, sizeof ns_per_tick);
    buf_put_u64(ret, record->hash);
    buf_put_u64(ret, ns_per_tick);
    buf_put_varint(ret, facts->number);
    buf_put_varint(ret, facts->begin);
    buf_put_varint(ret, facts->end);
    buf_put_varint(ret, facts->first_ordinal);
    buf_put_varint(ret, facts->n_events);
    put_counts(ret, facts->n_by_kind);
    buf_put_signed(ret, facts->first_ns);
    buf_put_signed(ret, facts->last_ns);
    buf_put_varint(ret, facts->n_batches);
    buf_put_varint(ret, facts->n_threads);
    buf_put_varint(ret, facts->n_strings);
    buf_put_varint(ret, facts->n_stacks);
    buf_put_varint(ret, facts->n_samples);
    buf_put_varint(ret, record->n_goroutines);
    put_loss(ret, &record->loss);
}

bool generation_decode(const struct buf *value, struct store_generation *ret)
{
    struct reader in = {.in = buf_span(value)};
    struct gxt_generation *facts = &ret->facts;

    *ret = (struct store_generation){.hash = reader_u64(&in)};
    uint64_t ns_per_tick = reader_u64(&in);
    memcpy(&facts->ns_per_tick, &ns_per_tick, sizeof ns_per_tick);
    facts->number = reader_varint(&in);
    facts->begin = reader_varint(&in);
    facts->end = reader_varint(&in);
    facts->first_ordinal = reader_varint(&in);
    facts->n_events = reader_varint(&in);
    read_counts(&in, facts->n_by_kind);
    facts->first_ns = reader_signed(&in);
    facts->last_ns = reader_signed(&in);
    facts->n_batches = reader_varint(&in);
    facts->n_threads = reader_varint(&in);
    facts->n_strings = reader_varint(&in);
    facts->n_stacks = reader_varint(&in);
    facts->n_samples = reader_varint(&in);
    ret->n_goroutines = reader_varint(&in);
    read_loss(&in, &ret->loss);
    return !in.failed && span_size(in.in) == 0;
}

/* ---- directories ---- */

void dir_encode(const struct gen_dir *dir, size_t first, size_t n, struct buf *ret)
{
    uint64_t end = dir->begin, tick = 0;

    if (first == 0) {
        buf_put_varint(ret, dir->number);
        buf_put_varint(ret, dir->begin);
        buf_put_varint(ret, dir->end);
        buf_put_u64(ret, dir->min_tick);
        buf_put_varint(ret, dir->n_batches);
        buf_put_u8(ret, dir->severed);
        put_loss(ret, &dir->loss);
    }
    buf_put_varint(ret, n);
    for (size_t i = first; i < first + n; i++) {
        const struct gen_batch *batch = &dir->batches[i];
        buf_put_varint(ret, batch->offset - end);
        buf_put_signed(ret, (int64_t)(batch->tick - tick));
        buf_put_signed(ret, batch->thread);
        buf_put_varint(ret, batch->size);
        buf_put_u8(ret, batch->kind);
        buf_put_u8(ret, batch->experiment);
        buf_put_u64(ret, batch->hash);
        end = batch->offset + batch->size;
        tick = batch->tick;
    }
}

static int read_batches(struct reader *in, struct gen_dir *dir)
{
    uint64_t n = reader_varint(in), end = dir->begin, tick = 0;

    if (n > DIR_BATCHES)
        return GXT_EINDEX;
    for (uint64_t i = 0; i < n && !in->failed; i++) {
        struct gen_batch *grown = array_grow(dir->batches, dir->n_batches, &dir->capacity, sizeof *grown);
        if (!grown)
            return GXT_ENOMEM;
        dir->batches = grown;
        struct gen_batch *batch = &dir->batches[dir->n_batches++];
        batch->offset = end + reader_varint(in);
        batch->tick = tick + (uint64_t)reader_signed(in);
        batch->thread = reader_signed(in);
        uint64_t size = reader_varint(in);
        batch->size = (uint32_t)size;
        batch->kind = reader_u8(in);
        batch->experiment = reader_u8(in);
        batch->hash = reader_u64(in);
        end = batch->offset + batch->size;
        tick = batch->tick;
        if (size > WIRE_MAX_BATCH || batch->kind >= GEN_N_BATCH_KINDS)
            in->failed = true;
    }
    return in->failed || span_size(in->in) > 0 ? GXT_EINDEX : 0;
}

int dir_decode(const struct buf *value, bool is_first, struct gen_dir *dir, uint64_t *n_total)
{
    struct reader in = {.in = buf_span(value)};

    if (is_first) {
        dir->number = reader_varint(&in);
        dir->begin = reader_varint(&in);
        dir->end = reader_varint(&in);
        dir->min_tick = reader_u64(&in);
        *n_total = reader_varint(&in);
        dir->severed = reader_u8(&in) != 0;
        read_loss(&in, &dir->loss);
        dir->hashed = true;
    }
    return in.failed ? GXT_EINDEX : read_batches(&in, dir);
}

/* ---- stacks ---- */

void stack_encode(const struct gxt_stack *stack, struct buf *ret)
{
    buf_put_varint(ret, stack->n_frames);
    for (size_t i = 0; i < stack->n_frames; i++) {
        buf_put_varint(ret, stack->frames[i].pc);
        buf_put_varint(ret, stack->frames[i].line);
        buf_put_u64(ret, stack->frames[i].func->id);
        buf_put_u64(ret, stack->frames[i].file->id);
    }
}

bool stack_decode(const struct buf *value, struct store_frame *ret, size_t *ret_n)
{
    struct reader in = {.in = buf_span(value)};
    uint64_t n = reader_varint(&in);

    if (n > GEN_MAX_FRAMES)
        return false;
    for (uint64_t i = 0; i < n; i++) {
        ret[i].pc = reader_varint(&in);
        ret[i].line = reader_varint(&in);
        ret[i].func = reader_u64(&in);
        ret[i].file = reader_u64(&in);
    }
    *ret_n = (size_t)n;
    return !in.failed && span_size(in.in) == 0;
}
