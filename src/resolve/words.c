/* words.c
 *
 * In: the numbers of enums. Out: Go's words for them. Never: an index out of a table.
 */
#include "resolve.h"

#define WORD(words, i, none) ((i) >= 0 && (size_t)(i) < sizeof(words) / sizeof *(words) ? (words)[i] : (none))

const char *word_kind(int kind)
{
    static const char *const words[] = {"Bad",         "Sync",        "Metric",   "Label",           "StackSample",
                                        "RangeBegin",  "RangeActive", "RangeEnd", "TaskBegin",       "TaskEnd",
                                        "RegionBegin", "RegionEnd",   "Log",      "StateTransition", "Experimental"};
    return WORD(words, kind, "Bad");
}

const char *word_resource(int resource)
{
    static const char *const words[] = {"None", "Goroutine", "Proc", "Thread"};
    return WORD(words, resource, "Bad");
}

const char *word_gostate(int state)
{
    static const char *const words[] = {"Undetermined", "NotExist", "Runnable", "Running", "Waiting", "Syscall"};
    return WORD(words, state, "Bad");
}

const char *word_procstate(int state)
{
    static const char *const words[] = {"Undetermined", "NotExist", "Running", "Idle"};
    return WORD(words, state, "Bad");
}

const char *word_reason(int reason)
{
    static const char *const words[GXT_N_REASONS] = {
        [GXT_REASON_NONE] = "",
        [GXT_REASON_OTHER] = "other",
        [GXT_REASON_UNSPECIFIED] = "unspecified",
        [GXT_REASON_GOSCHED] = "runtime.Gosched",
        [GXT_REASON_PREEMPTED] = "preempted",
        [GXT_REASON_FOREVER] = "forever",
        [GXT_REASON_NETWORK] = "network",
        [GXT_REASON_SELECT] = "select",
        [GXT_REASON_COND_WAIT] = "sync.(*Cond).Wait",
        [GXT_REASON_SYNC] = "sync",
        [GXT_REASON_CHAN_SEND] = "chan send",
        [GXT_REASON_CHAN_RECEIVE] = "chan receive",
        [GXT_REASON_GC_MARK_ASSIST] = "GC mark assist wait for work",
        [GXT_REASON_GC_SWEEPER] = "GC background sweeper wait",
        [GXT_REASON_SYSTEM] = "system goroutine wait",
        [GXT_REASON_DEBUG_CALL] = "wait for debug call",
        [GXT_REASON_GC_MARK_TERMINATE] = "wait until GC ends",
        [GXT_REASON_SLEEP] = "sleep",
        [GXT_REASON_GC_WEAK_TO_STRONG] = "GC weak to strong wait",
        [GXT_REASON_SYNCTEST] = "synctest",
    };
    return WORD(words, reason, "other");
}

int word_reason_since(int reason)
{
    if (reason <= GXT_REASON_OTHER || reason >= GXT_N_REASONS)
        return 0;
    return reason >= GXT_REASON_GC_WEAK_TO_STRONG ? 24 : 22;
}

int word_range_since(int range)
{
    return range > GXT_RANGE_OTHER && range <= GXT_RANGE_GC_MARK_ASSIST ? 22 : 0;
}

static const struct wire_spec *spec_of(int wire_type)
{
    return &wire_specs[wire_type >= 0 && wire_type < 256 ? wire_type : WIRE_NONE];
}

const char *word_wire(int wire_type)
{
    const char *name = wire_type == WIRE_SYNC_EVENT ? "Sync" : spec_of(wire_type)->name;
    return name ? name : "";
}

const char *word_experimental_arg(int wire_type, size_t i)
{
    const struct wire_spec *spec = spec_of(wire_type);
    return spec->experiment != 0 && i < spec->n_args ? spec->args[i] : "";
}

const char *word_experiment(int wire_type)
{
    return wire_experiment_name(spec_of(wire_type)->experiment);
}
