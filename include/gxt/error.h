/* error.h: what can go wrong, and where in the file.
 *
 * Every function that can fail returns an int: 0 done, negative one of the codes below. Pulling functions return 1 for
 * "got one", 0 for "at the end", negative for "failed".
 */
#ifndef GXT_ERROR_H
#define GXT_ERROR_H

#include <gxt/version.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Codes say what the caller can do about it. */
enum gxt_code {
    GXT_EINVAL = -1,     /**< a call that the documentation forbids: mend the call */
    GXT_ENOMEM = -2,     /**< no memory */
    GXT_EIO = -3,        /**< the operating system refused; system_errno says why */
    GXT_EFORMAT = -4,    /**< not a Go execution trace */
    GXT_EVERSION = -5,   /**< a Go trace of a version not known here */
    GXT_ETRUNCATED = -6, /**< good so far, the file ends early */
    GXT_ECORRUPT = -7,   /**< the file contradicts itself */
    GXT_EORDER = -8,     /**< the events cannot be put in an order */
    GXT_ESTALE = -9,     /**< the index was made from other bytes than the trace has */
    GXT_EINDEX = -10,    /**< the index is damaged, or of another schema or machine */
    GXT_ELIMIT = -11,    /**< a stated bound was passed */
    GXT_ECANCELED = -12, /**< a progress callback asked to stop */
    GXT_ENOENT = -13,    /**< there is no such file, stack, or position */
    GXT_EBUSY = -14,     /**< another process is building this index */
};

/** The offset of an error that is about no byte in particular. */
#define GXT_NO_OFFSET UINT64_MAX

/** One error: plain data, copy it freely. */
struct gxt_error {
    int code;          /**< an enum gxt_code; 0 when there is none */
    int system_errno;  /**< errno when code is GXT_EIO, else 0 */
    uint64_t offset;   /**< bytes from the start of the file at fault, or GXT_NO_OFFSET */
    char message[240]; /**< one sentence, without the offset and without a final stop; NUL-terminated */
};

/** What recovery had to leave out (gxt_trace_recover()). All zero: nothing. */
struct gxt_loss {
    uint64_t n_faults;      /**< each counted once, however often a cursor comes by it */
    uint64_t n_generations; /**< that were hurt */
    uint64_t n_bytes;       /**< of the file that gave no event, as far as can be told */
    uint64_t n_names;       /**< strings and stacks that events name and the trace does not have any more */
    int64_t from_ns,
        to_ns; /**< times of the event before the first fault, and of the first one, or the last, behind the
                               last fault: in between something may be missing */
    struct gxt_error first; /**< the first fault; code 0 when nothing was left out */
};

/**
 * gxt_strerror() - a code in words
 * @code:  an enum gxt_code, or 0
 *
 * Return: a static text, never NULL, also for codes not known here.
 * Threads: any.
 * Since: 0.1
 */
GXT_API const char *gxt_strerror(int code);

#ifdef __cplusplus
}
#endif
#endif
