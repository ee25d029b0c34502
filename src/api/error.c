/* error.c: <gxt/error.h> and <gxt/version.h>.
 *
 * In: a code. Out: words. Never: more than that.
 */
#include "replay.h"

#include <gxt/gxt.h>

const char *gxt_strerror(int code)
{
    switch (code) {
    case 0:
        return "no error";
    case GXT_EINVAL:
        return "a call that the documentation forbids";
    case GXT_ENOMEM:
        return "no memory";
    case GXT_EIO:
        return "the operating system refused";
    case GXT_EFORMAT:
        return "not a Go execution trace";
    case GXT_EVERSION:
        return "a Go trace of a version that is not known";
    case GXT_ETRUNCATED:
        return "the trace ends early";
    case GXT_ECORRUPT:
        return "the trace contradicts itself";
    case GXT_EORDER:
        return "the trace's events cannot be put in an order";
    case GXT_ESTALE:
        return "the index was made from other bytes than the trace has";
    case GXT_EINDEX:
        return "the index is damaged, or of another schema or machine";
    case GXT_ELIMIT:
        return "a bound was passed";
    case GXT_ECANCELED:
        return "stopped as asked";
    case GXT_ENOENT:
        return "there is no such thing";
    case GXT_EBUSY:
        return "another process is building this index";
    default:
        return "an unknown error";
    }
}

const char *gxt_version(void)
{
    return GXT_VERSION;
}
