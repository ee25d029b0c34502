/* trace.c
 *
 * In: a file name or a descriptor. Out: an open trace and what is known of it at once. Never: an event.
 */
#include "replay.h"

#include <stdio.h>
#include <stdlib.h>

/* What people give to a program that reads traces, by its first bytes. */
static const char *known_file(struct span in)
{
    static const struct {
        const char *magic;
        size_t offset, size;
        const char *what;
    } known[] = {
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
        {"\x0a", 0, 1, "perhaps a pprof profile"},
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

    const char *packed = source->packing == GXT_PACKING_GZIP   ? "in the gzip file is "
                         : source->packing == GXT_PACKING_ZSTD ? "in the zstd file is "
                                                               : "";
    const char *what = known_file(source_span(source, 0, source->size));
    return what ? fault_set(fault, code, 0, "%snot a Go execution trace but %s", packed, what)
                : fault_set(fault, code, 0, "%snot a Go execution trace: it does not begin with \"go 1.\"", packed);
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
        (void)source_want(&trace->source, UINT64_MAX); /* and it is read whole */
        return 0;
    }
    if (trace->source.feed || !peek_at_dir(trace, &dir))
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

/* What is in the bytes that are there. */
static int look(struct gxt_trace *trace, struct gxt_error *fault)
{
    const struct source *source = &trace->source;
    struct span in = source_span(source, 0, source->size);

    int r = wire_header(&in, &trace->facts.version);
    if (r == GXT_EFORMAT && source->fault.code < 0 && source->size < SOURCE_FINGERPRINT_BYTES) {
        if (fault)
            *fault = source->fault; /* so little could be had that nothing can be said of it */
        return source->fault.code;
    }
    if (r < 0)
        return bad_header(source, r, trace->facts.version, fault);
    trace->begin = (uint64_t)(in.at - source->at);
    r = pool_new(&trace->pool);
    if (r == 0)
        r = look_at_clock(trace);
    if (r < 0)
        return fault_set(fault, r, GXT_NO_OFFSET, "no memory");
    trace->facts.size_bytes = source->size;
    trace->facts.fingerprint = source->fingerprint;
    trace->facts.is_stream = source->feed != NULL;
    trace->facts.packing = source->packing;
    trace->facts.packed_bytes = source->packed;
    return 0;
}

/* ---- packed ---- */

static bool is_trace(struct span beginning)
{
    int version;
    return wire_header(&beginning, &version) == 0;
}

static struct source_feeding feeding_of(const struct gxt_trace_options *options)
{
    return (struct source_feeding){.stream = options->stream,
                                   .spool = options->spool,
                                   .keep = options->keep,
                                   .fits = is_trace,
                                   .wait = options->wait,
                                   .user = options->user};
}

static int unpack(struct gxt_trace *trace, const struct gxt_trace_options *options, struct gxt_error *fault)
{
    struct source_feeding feeding = feeding_of(options);
    char *index = NULL, *spool = NULL;
    int r = 0;

    if (!feeding.spool && trace->source.path &&
        place_of_index(trace->source.path, &index, options->keep ? fault : NULL) == 0) {
        if (asprintf(&spool, "%s.trace", index) < 0) {
            spool = NULL;
            r = fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory");
        }
        feeding.spool = spool;
    }
    if (r == 0 && options->keep && !feeding.spool)
        r = fault_set(fault, GXT_EINVAL, GXT_NO_OFFSET, "the unpacked trace has no place to be kept");
    if (r == 0 && options->keep)
        r = place_make_folder(feeding.spool, fault);
    if (r == 0)
        r = source_unpack(&trace->source, &feeding, fault);
    free(index);
    free(spool);
    return r;
}

static const struct gxt_trace_options defaults = GXT_TRACE_OPTIONS_INIT;

/* From @path, or where that is NULL from @fd. */
static int open_any(const char *path, int fd, const struct gxt_trace_options *options, struct gxt_trace **ret,
                    struct gxt_error *fault)
{
    if (!options)
        options = &defaults;
    if (options->size != sizeof *options)
        return fault_set(fault, GXT_EINVAL, GXT_NO_OFFSET,
                         "trace options of an unknown size: begin with GXT_TRACE_OPTIONS_INIT");
    struct gxt_trace *trace = calloc(1, sizeof *trace);
    if (!trace)
        return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory");

    const struct source_feeding feeding = feeding_of(options);
    int r = path ? source_open(path, &trace->source, fault) : source_open_fd(fd, &feeding, &trace->source, fault);
    if (r < 0) {
        free(trace);
        return r;
    }
    if (trace->source.packing == GXT_PACKING_NONE &&
        source_packing(source_span(&trace->source, 0, trace->source.size)) != GXT_PACKING_NONE && !trace->source.feed)
        r = unpack(trace, options, fault);
    if (r == 0)
        r = look(trace, fault);
    if (r < 0) {
        (void)trace_close(trace);
        return r;
    }
    *ret = trace;
    return 0;
}

int trace_open_with(const char *path, const struct gxt_trace_options *options, struct gxt_trace **ret,
                    struct gxt_error *fault)
{
    return open_any(path, -1, options, ret, fault);
}

int trace_open_fd(int fd, const struct gxt_trace_options *options, struct gxt_trace **ret, struct gxt_error *fault)
{
    return open_any(NULL, fd, options, ret, fault);
}

int trace_check_whole(const struct gxt_trace *trace, struct gxt_error *fault)
{
    if (!trace->source.feed)
        return 0;
    return fault_set(fault, GXT_EINVAL, GXT_NO_OFFSET, "a stream is read once, forward");
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
    else if (r < 0 && !fault_is_of_trace(r) && fault)
        *fault = cursor->error;
    (void)cursor_free(cursor);
    return r < 0 && !fault_is_of_trace(r) ? r : 0;
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
