/* spec.c
 *
 * In: an event type. Out: its name, what its arguments are, and whether it has a time. Never: bytes.
 *
 * The rows are those of tracev2.Specs; an argument's number counts from 1, its time being number 0 in Go's rows.
 */
#include "wire.h"

#define TIMED(n) .timed = 1, .n_args = (n)

const struct wire_spec wire_specs[256] = {
    /* Structure: a batch, or what stands in a batch of tables. */
    [WIRE_EVENT_BATCH] = {"EventBatch", {"gen", "m", "time", "size"}},
    [WIRE_STACKS] = {"Stacks"},
    [WIRE_STACK] = {"Stack", {"id", "nframes"}},
    [WIRE_STRINGS] = {"Strings"},
    [WIRE_STRING] = {"String", {"id"}},
    [WIRE_CPU_SAMPLES] = {"CPUSamples"},
    [WIRE_CPU_SAMPLE] = {"CPUSample", {"m", "p", "g", "stack"}, .stack = 4},
    [WIRE_FREQUENCY] = {"Frequency", {"freq"}},
    [WIRE_EXPERIMENTAL_BATCH] = {"ExperimentalBatch", {"exp", "gen", "m", "time"}},
    [WIRE_SYNC] = {"Sync"},
    [WIRE_END_OF_GENERATION] = {"EndOfGeneration"},

    /* Processors. */
    [WIRE_PROCS_CHANGE] = {"ProcsChange", {"procs_value", "stack"}, TIMED(2), .stack = 2},
    [WIRE_PROC_START] = {"ProcStart", {"p", "p_seq"}, TIMED(2)},
    [WIRE_PROC_STOP] = {"ProcStop", TIMED(0)},
    [WIRE_PROC_STEAL] = {"ProcSteal", {"p", "p_seq", "m"}, TIMED(3)},
    [WIRE_PROC_STATUS] = {"ProcStatus", {"p", "pstatus"}, TIMED(2)},

    /* Goroutines. */
    [WIRE_GO_CREATE] = {"GoCreate", {"new_g", "new_stack", "stack"}, TIMED(3), .stack = 3, .stack2 = 2},
    [WIRE_GO_CREATE_SYSCALL] = {"GoCreateSyscall", {"new_g"}, TIMED(1)},
    [WIRE_GO_START] = {"GoStart", {"g", "g_seq"}, TIMED(2)},
    [WIRE_GO_DESTROY] = {"GoDestroy", TIMED(0)},
    [WIRE_GO_DESTROY_SYSCALL] = {"GoDestroySyscall", TIMED(0)},
    [WIRE_GO_STOP] = {"GoStop", {"reason_string", "stack"}, TIMED(2), .stack = 2, .strings = {1}},
    [WIRE_GO_BLOCK] = {"GoBlock", {"reason_string", "stack"}, TIMED(2), .stack = 2, .strings = {1}},
    [WIRE_GO_UNBLOCK] = {"GoUnblock", {"g", "g_seq", "stack"}, TIMED(3), .stack = 3},
    [WIRE_GO_SYSCALL_BEGIN] = {"GoSyscallBegin", {"p_seq", "stack"}, TIMED(2), .stack = 2},
    [WIRE_GO_SYSCALL_END] = {"GoSyscallEnd", TIMED(0), .start = WIRE_GO_SYSCALL_BEGIN},
    [WIRE_GO_SYSCALL_END_BLOCKED] = {"GoSyscallEndBlocked", TIMED(0), .start = WIRE_GO_SYSCALL_BEGIN},
    [WIRE_GO_STATUS] = {"GoStatus", {"g", "m", "gstatus"}, TIMED(3)},

    /* Stop-the-world and garbage collection. */
    [WIRE_STW_BEGIN] = {"STWBegin", {"kind_string", "stack"}, TIMED(2), .stack = 2, .strings = {1}},
    [WIRE_STW_END] = {"STWEnd", TIMED(0), .start = WIRE_STW_BEGIN},
    [WIRE_GC_ACTIVE] = {"GCActive", {"gc_seq"}, TIMED(1), .start = WIRE_GC_BEGIN},
    [WIRE_GC_BEGIN] = {"GCBegin", {"gc_seq", "stack"}, TIMED(2), .stack = 2},
    [WIRE_GC_END] = {"GCEnd", {"gc_seq"}, TIMED(1), .start = WIRE_GC_BEGIN},
    [WIRE_GC_SWEEP_ACTIVE] = {"GCSweepActive", {"p"}, TIMED(1), .start = WIRE_GC_SWEEP_BEGIN},
    [WIRE_GC_SWEEP_BEGIN] = {"GCSweepBegin", {"stack"}, TIMED(1), .stack = 1},
    [WIRE_GC_SWEEP_END] = {"GCSweepEnd", {"swept_value", "reclaimed_value"}, TIMED(2), .start = WIRE_GC_SWEEP_BEGIN},
    [WIRE_GC_MARK_ASSIST_ACTIVE] = {"GCMarkAssistActive", {"g"}, TIMED(1), .start = WIRE_GC_MARK_ASSIST_BEGIN},
    [WIRE_GC_MARK_ASSIST_BEGIN] = {"GCMarkAssistBegin", {"stack"}, TIMED(1), .stack = 1},
    [WIRE_GC_MARK_ASSIST_END] = {"GCMarkAssistEnd", TIMED(0), .start = WIRE_GC_MARK_ASSIST_BEGIN},
    [WIRE_HEAP_ALLOC] = {"HeapAlloc", {"heapalloc_value"}, TIMED(1)},
    [WIRE_HEAP_GOAL] = {"HeapGoal", {"heapgoal_value"}, TIMED(1)},

    /* Annotations. */
    [WIRE_GO_LABEL] = {"GoLabel", {"label_string"}, TIMED(1), .strings = {1}},
    [WIRE_USER_TASK_BEGIN] =
        {"UserTaskBegin", {"task", "parent_task", "name_string", "stack"}, TIMED(4), .stack = 4, .strings = {3}},
    [WIRE_USER_TASK_END] = {"UserTaskEnd", {"task", "stack"}, TIMED(2), .stack = 2},
    [WIRE_USER_REGION_BEGIN] =
        {"UserRegionBegin", {"task", "name_string", "stack"}, TIMED(3), .stack = 3, .strings = {2}},
    [WIRE_USER_REGION_END] = {"UserRegionEnd",
                              {"task", "name_string", "stack"},
                              TIMED(3),
                              .start = WIRE_USER_REGION_BEGIN,
                              .stack = 3,
                              .strings = {2}},
    [WIRE_USER_LOG] =
        {"UserLog", {"task", "key_string", "value_string", "stack"}, TIMED(4), .stack = 4, .strings = {2, 3}},

    /* Since Go 1.23. */
    [WIRE_GO_SWITCH] = {"GoSwitch", {"g", "g_seq"}, TIMED(2)},
    [WIRE_GO_SWITCH_DESTROY] = {"GoSwitchDestroy", {"g", "g_seq"}, TIMED(2)},
    [WIRE_GO_CREATE_BLOCKED] = {"GoCreateBlocked", {"new_g", "new_stack", "stack"}, TIMED(3), .stack = 3, .stack2 = 2},
    [WIRE_GO_STATUS_STACK] = {"GoStatusStack", {"g", "m", "gstatus", "stack"}, TIMED(4), .stack = 4},

    /* Since Go 1.25. */
    [WIRE_CLOCK_SNAPSHOT] = {"ClockSnapshot", {"mono", "sec", "nsec"}, TIMED(3)},

    /* The experiment AllocFree. */
    [WIRE_SPAN] = {"Span", {"id", "npages_value", "kindclass"}, TIMED(3), .experiment = 1},
    [WIRE_SPAN_ALLOC] = {"SpanAlloc", {"id", "npages_value", "kindclass"}, TIMED(3), .experiment = 1},
    [WIRE_SPAN_FREE] = {"SpanFree", {"id"}, TIMED(1), .experiment = 1},
    [WIRE_HEAP_OBJECT] = {"HeapObject", {"id", "type"}, TIMED(2), .experiment = 1},
    [WIRE_HEAP_OBJECT_ALLOC] = {"HeapObjectAlloc", {"id", "type"}, TIMED(2), .experiment = 1},
    [WIRE_HEAP_OBJECT_FREE] = {"HeapObjectFree", {"id"}, TIMED(1), .experiment = 1},
    [WIRE_GOROUTINE_STACK] = {"GoroutineStack", {"id", "order"}, TIMED(2), .experiment = 1},
    [WIRE_GOROUTINE_STACK_ALLOC] = {"GoroutineStackAlloc", {"id", "order"}, TIMED(2), .experiment = 1},
    [WIRE_GOROUTINE_STACK_FREE] = {"GoroutineStackFree", {"id"}, TIMED(1), .experiment = 1},
};

const char *wire_experiment_name(unsigned experiment)
{
    return experiment == 1 ? "AllocFree" : "";
}
