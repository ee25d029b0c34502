/* spec.c
 *
 * In: an event's type. Out: what is known of it. Never: an event.
 */
#include "legacy_priv.h"

const struct old_spec old_specs[64] = {
    [OLD_BATCH] = {"Batch", 2, false, 5},
    [OLD_FREQUENCY] = {"Frequency", 1, false, 5},
    [OLD_STACK] = {"Stack", 2, false, 5},
    [OLD_GOMAXPROCS] = {"Gomaxprocs", 1, true, 5},
    [OLD_PROC_START] = {"ProcStart", 1, false, 5},
    [OLD_PROC_STOP] = {"ProcStop", 0, false, 5},
    [OLD_GC_START] = {"GCStart", 1, true, 5},
    [OLD_GC_DONE] = {"GCDone", 0, false, 5},
    [OLD_STW_START] = {"GCSTWStart", 1, false, 5},
    [OLD_STW_DONE] = {"GCSTWDone", 0, false, 5},
    [OLD_GC_SWEEP_START] = {"GCSweepStart", 0, true, 5},
    [OLD_GC_SWEEP_DONE] = {"GCSweepDone", 2, false, 5},
    [OLD_GO_CREATE] = {"GoCreate", 2, true, 5},
    [OLD_GO_START] = {"GoStart", 2, false, 5},
    [OLD_GO_END] = {"GoEnd", 0, false, 5},
    [OLD_GO_STOP] = {"GoStop", 0, true, 5},
    [OLD_GO_SCHED] = {"GoSched", 0, true, 5},
    [OLD_GO_PREEMPT] = {"GoPreempt", 0, true, 5},
    [OLD_GO_SLEEP] = {"GoSleep", 0, true, 5, true},
    [OLD_GO_BLOCK] = {"GoBlock", 0, true, 5, true},
    [OLD_GO_UNBLOCK] = {"GoUnblock", 2, true, 5},
    [OLD_GO_BLOCK_SEND] = {"GoBlockSend", 0, true, 5, true},
    [OLD_GO_BLOCK_RECV] = {"GoBlockRecv", 0, true, 5, true},
    [OLD_GO_BLOCK_SELECT] = {"GoBlockSelect", 0, true, 5, true},
    [OLD_GO_BLOCK_SYNC] = {"GoBlockSync", 0, true, 5, true},
    [OLD_GO_BLOCK_COND] = {"GoBlockCond", 0, true, 5, true},
    [OLD_GO_BLOCK_NET] = {"GoBlockNet", 0, true, 5, true},
    [OLD_GO_SYS_CALL] = {"GoSysCall", 0, true, 5},
    [OLD_GO_SYS_EXIT] = {"GoSysExit", 3, false, 5},
    [OLD_GO_SYS_BLOCK] = {"GoSysBlock", 0, false, 5, true},
    [OLD_GO_WAITING] = {"GoWaiting", 1, false, 5},
    [OLD_GO_IN_SYSCALL] = {"GoInSyscall", 1, false, 5},
    [OLD_HEAP_ALLOC] = {"HeapAlloc", 1, false, 5},
    [OLD_HEAP_GOAL] = {"HeapGoal", 1, false, 5},
    [OLD_TIMER_GOROUTINE] = {"TimerGoroutine", 1, false, 5},
    [OLD_FUTILE_WAKEUP] = {"FutileWakeup", 0, false, 5},
    [OLD_STRING] = {"String", 0, false, 7},
    [OLD_GO_START_LOCAL] = {"GoStartLocal", 1, false, 7},
    [OLD_GO_UNBLOCK_LOCAL] = {"GoUnblockLocal", 1, true, 7},
    [OLD_GO_SYS_EXIT_LOCAL] = {"GoSysExitLocal", 2, false, 7},
    [OLD_GO_START_LABEL] = {"GoStartLabel", 3, false, 8},
    [OLD_GO_BLOCK_GC] = {"GoBlockGC", 0, true, 8, true},
    [OLD_GC_MARK_ASSIST_START] = {"GCMarkAssistStart", 0, true, 9},
    [OLD_GC_MARK_ASSIST_DONE] = {"GCMarkAssistDone", 0, false, 9},
    [OLD_USER_TASK_CREATE] = {"UserTaskCreate", 3, true, 11},
    [OLD_USER_TASK_END] = {"UserTaskEnd", 1, true, 11},
    [OLD_USER_REGION] = {"UserRegion", 3, true, 11},
    [OLD_USER_LOG] = {"UserLog", 2, true, 11},
    [OLD_CPU_SAMPLE] = {"CPUSample", 3, true, 19},
};

const char *const old_own_strings[N_OWN_STRINGS] = {
    [OWN_FOREVER] = "forever",
    [OWN_PREEMPTED] = "preempted",
    [OWN_GOSCHED] = "runtime.Gosched",
    [OWN_SLEEP] = "sleep",
    [OWN_CHAN_SEND] = "chan send",
    [OWN_CHAN_RECEIVE] = "chan receive",
    [OWN_NETWORK] = "network",
    [OWN_SYNC] = "sync",
    [OWN_COND] = "sync.(*Cond).Wait",
    [OWN_SELECT] = "select",
    [OWN_EMPTY] = "",
    [OWN_MARK_ASSIST] = "GC mark assist wait for work",
    [OWN_STW] = "",
    "GC mark termination",
    "GC sweep termination",
    "write heap dump",
    "goroutine profile",
    "goroutine profile cleanup",
    "all goroutine stack trace",
    "read mem stats",
    "AllThreadsSyscall",
    "GOMAXPROCS",
    "start trace",
    "stop trace",
    "CountPagesInUse (test)",
    "ReadMetricsSlow (test)",
    "ReadMemStatsSlow (test)",
    "PageCachePagesLeaked (test)",
    "ResetDebugLog (test)",
};

const struct old_usual old_usual[256] = {
    [OLD_FORM(OLD_GO_START_LOCAL, 1)] = {OLD_STARTS_LOCALLY, OLD_NAMED, OLD_RUNNABLE},
    [OLD_FORM(OLD_GO_START, 2)] = {OLD_STARTS, OLD_NAMED, OLD_RUNNABLE, true},
    [OLD_FORM(OLD_GO_UNBLOCK_LOCAL, 2)] = {OLD_UNBLOCKS_LOCALLY, OLD_NAMED, OLD_WAITING},
    [OLD_FORM(OLD_GO_UNBLOCK, 3)] = {OLD_UNBLOCKS, OLD_NAMED, OLD_WAITING, true},
    [OLD_FORM(OLD_GO_CREATE, 3)] = {OLD_CREATES, OLD_NAMED, OLD_DEAD, true}, /* it is the first */
    [OLD_FORM(OLD_GO_SCHED, 1)] = {OLD_YIELDS, OLD_OWN, OLD_RUNNING},
    [OLD_FORM(OLD_GO_PREEMPT, 1)] = {OLD_YIELDS, OLD_OWN, OLD_RUNNING},
    [OLD_FORM(OLD_GO_SLEEP, 1)] = {OLD_BLOCKS, OLD_OWN, OLD_RUNNING},
    [OLD_FORM(OLD_GO_BLOCK, 1)] = {OLD_BLOCKS, OLD_OWN, OLD_RUNNING},
    [OLD_FORM(OLD_GO_BLOCK_SEND, 1)] = {OLD_BLOCKS, OLD_OWN, OLD_RUNNING},
    [OLD_FORM(OLD_GO_BLOCK_RECV, 1)] = {OLD_BLOCKS, OLD_OWN, OLD_RUNNING},
    [OLD_FORM(OLD_GO_BLOCK_SELECT, 1)] = {OLD_BLOCKS, OLD_OWN, OLD_RUNNING},
    [OLD_FORM(OLD_GO_BLOCK_SYNC, 1)] = {OLD_BLOCKS, OLD_OWN, OLD_RUNNING},
    [OLD_FORM(OLD_GO_BLOCK_COND, 1)] = {OLD_BLOCKS, OLD_OWN, OLD_RUNNING},
    [OLD_FORM(OLD_GO_BLOCK_NET, 1)] = {OLD_BLOCKS, OLD_OWN, OLD_RUNNING},
    [OLD_FORM(OLD_GO_BLOCK_GC, 1)] = {OLD_BLOCKS, OLD_OWN, OLD_RUNNING},
    [OLD_FORM(OLD_GO_SYS_BLOCK, 0)] = {OLD_BLOCKS_IN_CALL, OLD_OWN, OLD_RUNNING},
    [OLD_FORM(OLD_GO_END, 0)] = {OLD_ENDS, OLD_NOBODY, 0},
    [OLD_FORM(OLD_GO_STOP, 1)] = {OLD_STOPS, OLD_NOBODY, 0},
    [OLD_FORM(OLD_GO_SYS_CALL, 1)] = {OLD_CALLS, OLD_NOBODY, 0},
    [OLD_FORM(OLD_PROC_START, 1)] = {OLD_STARTS_PROC, OLD_NOBODY, 0},
    [OLD_FORM(OLD_PROC_STOP, 0)] = {OLD_STOPS_PROC, OLD_NOBODY, 0},
    [OLD_FORM(OLD_GC_SWEEP_START, 1)] = {OLD_SWEEPS, OLD_NOBODY, 0},
    [OLD_FORM(OLD_GC_SWEEP_DONE, 2)] = {OLD_SWEPT, OLD_NOBODY, 0},
    [OLD_FORM(OLD_GC_MARK_ASSIST_START, 1)] = {OLD_ASSISTS, OLD_NOBODY, 0},
    [OLD_FORM(OLD_GC_MARK_ASSIST_DONE, 0)] = {OLD_ASSISTED, OLD_NOBODY, 0},
    [OLD_FORM(OLD_HEAP_ALLOC, 1)] = {OLD_MEASURES, OLD_NOBODY, 0},
    [OLD_FORM(OLD_HEAP_GOAL, 1)] = {OLD_MEASURES, OLD_NOBODY, 0},
};

uint8_t old_plain_type(uint8_t type)
{
    switch (type) {
    case OLD_GO_START_LOCAL:
        return OLD_GO_START;
    case OLD_GO_UNBLOCK_LOCAL:
        return OLD_GO_UNBLOCK;
    case OLD_GO_SYS_EXIT_LOCAL:
        return OLD_GO_SYS_EXIT;
    default:
        return type;
    }
}

uint8_t old_whose(uint8_t type)
{
    switch (type) {
    case OLD_GO_START:
    case OLD_GO_START_LOCAL:
    case OLD_GO_START_LABEL:
        return OLD_BEGINS;
    case OLD_GO_END:
    case OLD_GO_STOP:
    case OLD_GO_SCHED:
    case OLD_GO_PREEMPT:
        return OLD_LEAVES;
    case OLD_GO_SYS_EXIT:
    case OLD_GO_WAITING:
    case OLD_GO_IN_SYSCALL:
        return OLD_NAMES;
    default:
        return old_specs[type].blocks ? OLD_LEAVES : OLD_STAYS;
    }
}
