/* feed.c
 *
 * In: a descriptor: a pipe, or a packed file. Out: a source that grows. Never: more memory than two buffers and what
 * unpacks: the bytes go to a file.
 *
 *     descriptor ──► in ──► unpacker ──► out ──► spool file ── mapped once, over all it may come to be
 *                                                  └── behind the walk, a stream's bytes are given back
 *
 * A mapping may be longer than its file; the pages behind the file's end must not be touched, and source->size says
 * where that is.
 */
#include "source_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <gxt/limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    IN_BYTES = 128 << 10,
    OUT_BYTES = 256 << 10,
};

/* Where address space is short, as under ulimit -v. */
static const uint64_t least_mapped = UINT64_C(16) << 20;

struct feed {
    struct source *source; /* that grows */
    struct source_feeding feeding;
    struct unpacker unpacker;
    int fd;
    bool begun, ended;
    uint64_t n_read; /* from fd */
    uint64_t held;   /* bytes of the source before it are gone */
    struct span in;  /* read and not unpacked yet */
    uint8_t in_bytes[IN_BYTES], out_bytes[OUT_BYTES];
};

/* ---- bytes in ---- */

static void end(struct feed *feed)
{
    feed->ended = true;
    (void)close(feed->fd);
    feed->fd = -1;
}

/* How many of the packed bytes have been unpacked: where a fault is. */
static uint64_t offset(const struct feed *feed)
{
    return feed->n_read - span_size(feed->in);
}

/* Reads some, waiting for them; says so before. */
static ssize_t read_some(struct feed *feed, uint8_t *at, size_t room)
{
    struct pollfd ready = {.fd = feed->fd, .events = POLLIN};
    ssize_t n;

    if (feed->feeding.wait && poll(&ready, 1, 0) == 0)
        feed->feeding.wait(feed->feeding.user);
    while ((n = read(feed->fd, at, room)) < 0 && (errno == EINTR || errno == EAGAIN))
        if (errno == EAGAIN)
            (void)poll(&ready, 1, -1);
    return n;
}

/* What is at the end of the packed bytes, or in the way of reading more. */
static void stop(struct feed *feed, ssize_t n)
{
    struct gxt_error *fault = &feed->source->fault;

    if (n < 0)
        (void)fault_set_errno(fault, errno, "cannot read the trace");
    else if (!feed->unpacker.between)
        (void)fault_set(fault, GXT_ETRUNCATED, feed->n_read, "the packed file ends early: it was cut");
    end(feed);
}

static void refill(struct feed *feed)
{
    ssize_t n = read_some(feed, feed->in_bytes, IN_BYTES);

    if (n <= 0) {
        stop(feed, n);
        return;
    }
    feed->n_read += (uint64_t)n;
    feed->in = (struct span){feed->in_bytes, feed->in_bytes + n};
}

/* Reads so many bytes that what packed them is known. */
static int look(struct feed *feed)
{
    enum {
        MOST_MAGIC = 4
    };
    size_t have = 0;
    ssize_t n = 1;

    while (have < MOST_MAGIC && (n = read_some(feed, feed->in_bytes + have, IN_BYTES - have)) > 0)
        have += (size_t)n;
    feed->n_read = have;
    feed->in = (struct span){feed->in_bytes, feed->in_bytes + have};
    if (n < 0)
        return fault_set_errno(&feed->source->fault, errno, "cannot read the trace");
    feed->source->packing = source_packing(feed->in);
    if (unpacker_init(&feed->unpacker, feed->source->packing) < 0)
        return fault_set(&feed->source->fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory to unpack");
    return 0;
}

/* ---- bytes out ---- */

static int check_limits(struct feed *feed, size_t n)
{
    const struct source *source = feed->source;
    struct gxt_error *fault = &feed->source->fault;
    const uint64_t size = source->size + n;

    if (size > (uint64_t)GXT_MAX_GROWTH_FREE && size / GXT_MAX_GROWTH > offset(feed))
        return fault_set(
            fault, GXT_ELIMIT, offset(feed),
            "the packed bytes grow to more than %d times their size: no trace does, this is made to fill disks",
            GXT_MAX_GROWTH);
    if (size > source->mapped)
        return fault_set(fault, GXT_ELIMIT, offset(feed),
                         "the unpacked trace is longer than %llu MiB, the most there can be",
                         (unsigned long long)(source->mapped >> 20));
    return 0;
}

/* Writes to the file: through the mapping a full disk would be a SIGBUS. */
static int keep(struct feed *feed, size_t n)
{
    struct source *source = feed->source;

    for (size_t done = 0; done < n;) {
        ssize_t written = pwrite(source->fd, feed->out_bytes + done, n - done, (off_t)(source->size + done));
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            const int code = written < 0 ? errno : ENOSPC;
            return fault_set_errno(&source->fault, code, "cannot write the unpacked trace into its file");
        }
        done += (size_t)written;
    }
    source->size += n;
    return 0;
}

bool feed_more(struct feed *feed)
{
    const uint64_t before = feed->source->size;
    const char *sentence;
    size_t n;

    while (!feed->ended && feed->source->size == before) {
        if (!feed->begun && look(feed) < 0) {
            end(feed);
            break;
        }
        feed->begun = true;
        int r = unpacker_next(&feed->unpacker, &feed->in, feed->out_bytes, OUT_BYTES, &n, &sentence);
        if (n > 0 && (check_limits(feed, n) < 0 || keep(feed, n) < 0))
            end(feed);
        else if (r < 0) {
            (void)fault_set(&feed->source->fault, r, offset(feed), "%s", sentence);
            end(feed);
        } else if (n == 0) {
            refill(feed);
        }
    }
    return feed->source->size > before;
}

/* ---- the mapping ---- */

static int map(struct source *source, uint64_t size, struct gxt_error *fault)
{
    void *at = MAP_FAILED;

    if (size > SIZE_MAX / 4)
        size = SIZE_MAX / 4 + 1;
    for (; size >= least_mapped && at == MAP_FAILED; size /= 2) {
        at = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED | MAP_NORESERVE, source->fd, 0);
        source->mapped = at == MAP_FAILED ? 0 : size;
    }
    if (at == MAP_FAILED)
        return fault_set_errno(fault, errno, "cannot map the unpacked trace");
    source->at = at;
    return 0;
}

int feed_begin(struct source *source, int fd, const struct spool *spool, const struct source_feeding *feeding,
               struct gxt_error *fault)
{
    struct feed *feed = malloc(sizeof *feed);

    source->fd = spool->fd;
    if (!feed) {
        (void)close(fd);
        return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory");
    }
    memset(feed, 0, offsetof(struct feed, in_bytes));
    feed->source = source;
    feed->feeding = *feeding;
    feed->fd = fd;
    source->feed = feed;
    source->size = 0;
    return map(source, feeding->stream ? (uint64_t)GXT_MAX_STREAM_BYTES : (uint64_t)GXT_MAX_SPOOL_BYTES, fault);
}

void feed_free(struct feed *feed)
{
    if (!feed)
        return;
    unpacker_done(&feed->unpacker);
    if (feed->fd >= 0)
        (void)close(feed->fd);
    free(feed);
}

uint64_t feed_held(const struct feed *feed)
{
    return feed->held;
}

/* Where the file system cannot, the file grows up to its limit. */
void feed_release(struct feed *feed, uint64_t to)
{
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    const uint64_t begin = feed->held / page * page, until = to / page * page;

    if (to <= feed->held)
        return;
    if (begin < until && fallocate(feed->source->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)begin,
                                   (off_t)(until - begin)) < 0)
        (void)madvise((void *)(feed->source->at + begin), (size_t)(until - begin), MADV_DONTNEED);
    feed->held = to;
}
