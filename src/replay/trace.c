/* trace.c
 *
 * In: a file name. Out: an open trace and what is known of it at once. Never: an event.
 */
#include "replay.h"

#include <stdlib.h>

/* What people give to a program that reads traces, by its first bytes. */
static const char *known_file(struct span in)
{
    static const struct {
        const char *magic;
        size_t offset, size;
        const char *what;
    } known[] = {
        {"\x1f\x8b", 0, 2, "a gzip file: a pprof profile, or a compressed trace to be unpacked first"},
        {"\x28\xb5\x2f\xfd", 0, 4, "a zstd file: a compressed trace is to be unpacked first"},
        {"\xfd"
         "7zXZ",
         0, 5, "an xz file: a compressed trace is to be unpacked first"},
        {"BZh", 0, 3, "a bzip2 file: a compressed trace is to be unpacked first"},
        {"PK\x03\x04", 0, 4, "a zip file: a compressed trace is to be unpacked first"},
        {"\x7f"
         "ELF",
         0, 4, "a program (ELF)"},
        {"PERFILE2", 0, 8, "a profile of Linux perf"},
        {"\xde\xc0\xef\xbe", 16, 4, "an LMDB file: perhaps the index of a trace, and not the trace"},
        {"{", 0, 1, "JSON, perhaps a trace for Chrome's viewer"},
        {"[", 0, 1, "JSON, perhaps a trace for Chrome's viewer"},
        {"<", 0, 1, "HTML or XML"},
        {"go 1.", 0, 5, "the header of a Go trace, cut or damaged"},
        {"mode: ", 0, 6, "a coverage profile of Go"},
    };

    if (span_size(in) == 0)
        return "an empty file";
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (span_size(in) >= known[i].offset + known[i].size &&
            memcmp(in.at + known[i].offset, known[i].magic, known[i].size) == 0)
            return known[i].what;
    return NULL;
}

static int bad_header(const struct source *source, int code, int version, struct gxt_error *fault)
{
    if (code == GXT_EVERSION && version == INT32_MAX)
        return fault_set(fault, code, 0, "a Go trace of a version far beyond those that are known");
    if (code == GXT_EVERSION)
        return fault_set(fault, code, 0,
                         "a Go 1.%d trace: known are the formats of Go 1.11, 1.19, 1.21, 1.22, 1.23, 1.25 and 1.26",
                         version);

    const char *what = known_file(source_span(source, 0, source->size));
    return what ? fault_set(fault, code, 0, "not a Go execution trace but %s", what)
                : fault_set(fault, code, 0, "not a Go execution trace: it does not begin with \"go 1.\"");
}

static void set_wall(struct gxt_facts *facts, const struct gen *gen)
{
    /* Nanoseconds as written may pass a second: carried over here, as Go's time.Unix does. */
    facts->has_wall = true;
    facts->clock_ns = gen_time(gen->ns_per_tick, gen->snapshot_tick);
    facts->mono_ns = gen->mono_ns;
    int64_t nsec = (int64_t)gen->wall_nsec, carry = nsec / 1000000000;
    nsec -= carry * 1000000000;
    if (nsec < 0) {
        nsec += 1000000000;
        carry--;
    }
    facts->wall_sec = (int64_t)(gen->wall_sec + (uint64_t)carry);
    facts->wall_nsec = nsec;
}

/* The first generation's directory, of which its clock needs only the batch that has it. Return: whether that went
 * without a doubt. */
static bool peek_at_dir(const struct gxt_trace *trace, struct gen_dir *ret)
{
    const struct source *source = &trace->source;
    const int version = trace->facts.version;
    struct gen_header header;
    uint64_t offset = trace->begin;

    for (; offset < source->size; offset = header.data + header.size) {
        if (!gen_peek(source, offset, &header))
            return false;
        if (header.type == WIRE_END_OF_GENERATION)
            return version >= 26 && ret->n_batches == 1;
        if (ret->number == 0)
            ret->number = header.generation;
        if (header.generation != ret->number)
            return version < 26 && header.generation == ret->number + 1 && ret->n_batches == 1;
        if (header.generation == 0)
            return false;
        if (ret->min_tick == 0 || header.tick < ret->min_tick)
            ret->min_tick = header.tick;
        if (header.type != WIRE_EVENT_BATCH || header.first != (version < 25 ? WIRE_FREQUENCY : WIRE_SYNC))
            continue;
        struct gen_batch *grown = array_grow(ret->batches, ret->n_batches, &ret->capacity, sizeof *grown);
        if (!grown)
            return false;
        ret->batches = grown;
        ret->batches[ret->n_batches++] = (struct gen_batch){
            .offset = header.data, .tick = header.tick, .size = (uint32_t)header.size, .kind = GEN_SYNC};
    }
    return version < 26 && offset == source->size && ret->n_batches == 1;
}

/* The first generation's clock. A generation that is lost has none: the trace's first event is then a Sync at 1. */
static int look_at_clock(struct gxt_trace *trace)
{
    struct gen_stream stream = {.offset = trace->begin};
    struct gen_dir dir = {.begin = trace->begin};
    struct gen gen = {0};
    struct gxt_error fault;
    int r = 1;

    trace->facts.start_ns = 1;
    trace->ns_per_tick = 1;
    if (wire_is_old(trace->facts.version)) {
        trace->facts.start_ns = -1; /* the old format's times count from its first event; its Sync goes before it */
        return 0;
    }
    if (!peek_at_dir(trace, &dir))
        r = gen_find(&stream, &trace->source, trace->facts.version, &dir, &fault);
    if (r > 0)
        r = gen_clock(&gen, &dir, &trace->source, trace->facts.version, &fault) < 0 ? fault.code : 1;
    if (r > 0) {
        trace->ns_per_tick = gen.ns_per_tick;
        int64_t start_ns = gen_time(gen.ns_per_tick, dir.min_tick);
        trace->facts.start_ns = start_ns > 0 ? start_ns : 1;
        if (gen.has_snapshot)
            set_wall(&trace->facts, &gen);
    }
    gen_done(&gen);
    gen_dir_done(&dir);
    return r == GXT_ENOMEM ? r : 0;
}

int trace_open(const char *path, struct gxt_trace **ret, struct gxt_error *fault)
{
    struct gxt_trace *trace = calloc(1, sizeof *trace);
    if (!trace)
        return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory");

    int r = source_open(path, &trace->source, fault);
    if (r < 0) {
        free(trace);
        return r;
    }
    struct span in = source_span(&trace->source, 0, trace->source.size);
    r = wire_header(&in, &trace->facts.version);
    if (r < 0) {
        r = bad_header(&trace->source, r, trace->facts.version, fault);
        goto failed;
    }
    trace->begin = (uint64_t)(in.at - trace->source.at);
    trace->facts.size_bytes = trace->source.size;
    trace->facts.fingerprint = trace->source.fingerprint;
    r = pool_new(&trace->pool);
    if (r == 0)
        r = look_at_clock(trace);
    if (r < 0) {
        r = fault_set(fault, r, GXT_NO_OFFSET, "no memory");
        goto failed;
    }
    *ret = trace;
    return 0;
failed:
    (void)trace_close(trace);
    return r;
}

int trace_recover(struct gxt_trace *trace, struct gxt_error *fault)
{
    struct gxt_cursor *cursor;
    const struct gxt_event *event;

    trace->recovers = true;
    int r = cursor_new(trace, NULL, &cursor);
    if (r < 0)
        return fault_set(fault, r, GXT_NO_OFFSET, "no memory");
    /* The first event of a generation that is lost else. */
    r = cursor_next(cursor, &event);
    if (r > 0)
        trace->facts.start_ns = event->time_ns;
    else if (r < 0 && !cursor_is_trace_fault(r) && fault)
        *fault = cursor->error;
    (void)cursor_free(cursor);
    return r < 0 && !cursor_is_trace_fault(r) ? r : 0;
}

struct gxt_trace *trace_close(struct gxt_trace *trace)
{
    if (!trace)
        return NULL;
    (void)pool_free(trace->pool);
    source_close(&trace->source);
    free(trace);
    return NULL;
}
