/* limits.h: every bound in one place, with its reason.
 *
 * What passes one is an error with a word, and never a crash, a hang, or memory without end. The bounds of the formats
 * are those of Go's reader, which rejects what passes them (GXT_ECORRUPT); the others are this library's own
 * (GXT_ELIMIT, or what stands beside them). Whatever is not listed is bounded by the trace's size alone: a trace of N
 * bytes has at most N / 4 live goroutines, N / 2 events and N / 5 batches.
 */
#ifndef GXT_LIMITS_H
#define GXT_LIMITS_H

/** Bytes of a batch's data: tracev2.MaxBatchSize, the size of the runtime's buffers. */
#define GXT_MAX_BATCH_BYTES (64 << 10)
/** Bytes of a string: tracev2.MaxEventTrailerDataSize; the runtime cuts longer ones. */
#define GXT_MAX_STRING_BYTES 1024
/** Frames of a stack: tracev2.MaxFramesPerStack; the runtime cuts deeper ones. */
#define GXT_MAX_FRAMES 128

/** Bytes of a string of the old format (Go's internal/trace/tracev1). */
#define GXT_MAX_OLD_STRING_BYTES 1000000
/** Bytes of an event's arguments, in the old format (tracev1). */
#define GXT_MAX_OLD_ARGUMENT_BYTES 2048
/** Frames of a stack of the old format (tracev1). */
#define GXT_MAX_OLD_FRAMES 1000

/** Bytes of all distinct strings and stacks of a trace, which stay in memory while it is open: those of real traces are
 * a few megabytes, and a file made to have no two alike must end somewhere. */
#define GXT_MAX_POOL_BYTES (2048ll << 20)

/** Times that a packed file may grow, beyond GXT_MAX_GROWTH_FREE bytes: traces shrink to between a third and two
 * thirds, whatever packs them, and gzip can do 1,032. */
#define GXT_MAX_GROWTH 250
/** So much may be unpacked of anything: small traces that say little may shrink a lot. */
#define GXT_MAX_GROWTH_FREE (64ll << 20)
/** Bytes that are unpacked into a file: a trace of that size is one of an hour that was very busy. */
#define GXT_MAX_SPOOL_BYTES (64ll << 30)
/** Bytes of a stream, of which a few generations are held at a time: address space is all that it costs. */
#define GXT_MAX_STREAM_BYTES (1024ll << 30)

/** Generations that may be missing where a hurt trace goes on: a number further on is taken for no number of one. */
#define GXT_MAX_GAP_GENERATIONS 64

/** Bytes of a checkpoint of an index, unpacked: one of 100,000,000 goroutines has about half as many (GXT_EINDEX). */
#define GXT_MAX_CHECKPOINT_BYTES (1024ll << 20)
/** Bytes of any other value of an index, unpacked: the largest there are have 613 KB (GXT_EINDEX). */
#define GXT_MAX_VALUE_BYTES (1 << 20)
/** Bytes of an index: as far as its address space is mapped while it is built. */
#define GXT_MAX_INDEX_BYTES (1024ll << 40)

/** Traces that gxt_guard_install() guards at a time: more can be open, as if without it. */
#define GXT_MAX_GUARDED 1024

#endif
