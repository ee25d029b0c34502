/* state.c: `gxt state`, every goroutine, processor, thread and task at an instant.
 *
 * In: an instant. Out: the states before the first event at or after it: a line for each, or a JSON object. Where a
 * fault of the trace keeps that event away, the states before the fault, and then the fault.
 */
#include "verbs.h"

#include "json.h"
#include "quote.h"
#include "report.h"
#include "session.h"
#include <unistd.h>

#define PUT(out, literal) out_bytes((out), literal, sizeof(literal) - 1)

/* Go's name of a range, without its detail. */
static const char *range_name(int range)
{
    switch (range) {
    case GXT_RANGE_STOP_THE_WORLD:
        return "stop-the-world";
    case GXT_RANGE_GC_MARK:
        return "GC concurrent mark phase";
    case GXT_RANGE_GC_SWEEP:
        return "GC incremental sweep";
    case GXT_RANGE_GC_MARK_ASSIST:
        return "GC mark assist";
    default:
        return "other";
    }
}

static void put_pair(struct out *out, const char *name, int64_t value)
{
    out_text(out, name);
    out_signed(out, value);
}

/* ` Ranges=["GC mark assist"]`; nothing when there are none */
static void put_ranges(struct out *out, const struct gxt_range_state *ranges, size_t n)
{
    if (!n)
        return;
    PUT(out, " Ranges=[");
    for (size_t i = 0; i < n; i++) {
        out_text(out, i ? ", \"" : "\"");
        out_text(out, range_name(ranges[i].range));
        if (ranges[i].detail) {
            PUT(out, " (");
            quote_go_inside(out, ranges[i].detail);
            out_char(out, ')');
        }
        out_char(out, '"');
    }
    out_char(out, ']');
}

static void put_regions(struct out *out, const struct gxt_region_state *regions, size_t n)
{
    if (!n)
        return;
    PUT(out, " Regions=[");
    for (size_t i = 0; i < n; i++) {
        if (i)
            PUT(out, ", ");
        PUT(out, "Task=");
        out_unsigned(out, regions[i].task);
        PUT(out, " Type=");
        quote_go(out, regions[i].type);
    }
    out_char(out, ']');
}

static void put_goroutine(struct out *out, const struct gxt_goroutine_state *goroutine)
{
    put_pair(out, "G=", goroutine->id);
    PUT(out, " State=");
    out_text(out, gxt_gostate_name(goroutine->state));
    put_pair(out, " M=", goroutine->thread);
    put_ranges(out, goroutine->ranges, goroutine->n_ranges);
    put_regions(out, goroutine->regions, goroutine->n_regions);
    out_char(out, '\n');
}

static void put_proc(struct out *out, const struct gxt_proc_state *proc)
{
    put_pair(out, "P=", proc->id);
    PUT(out, " State=");
    out_text(out, gxt_procstate_name(proc->state));
    put_pair(out, " M=", proc->thread);
    if (proc->in_syscall)
        PUT(out, " InSyscall");
    put_ranges(out, proc->ranges, proc->n_ranges);
    out_char(out, '\n');
}

static void put_thread(struct out *out, const struct gxt_thread_state *thread)
{
    put_pair(out, "M=", thread->id);
    put_pair(out, " P=", thread->proc);
    put_pair(out, " G=", thread->goroutine);
    out_char(out, '\n');
}

static void put_task(struct out *out, const struct gxt_task_state *task)
{
    PUT(out, "Task=");
    out_unsigned(out, task->id);
    PUT(out, " Parent=");
    out_unsigned(out, task->parent);
    PUT(out, " Type=");
    quote_go(out, task->type);
    out_char(out, '\n');
}

static void print_text_states(struct out *out, const struct gxt_states *states, const char *position)
{
    put_pair(out, "Time=", states->time_ns);
    PUT(out, " Next=");
    out_unsigned(out, states->ordinal);
    PUT(out, " Position=");
    out_text(out, position);
    out_text(out, states->gc_running ? " GC=mark\n" : " GC=off\n");
    for (size_t i = 0; i < states->n_goroutines && !out_is_lost(out); i++)
        put_goroutine(out, &states->goroutines[i]);
    for (size_t i = 0; i < states->n_procs && !out_is_lost(out); i++)
        put_proc(out, &states->procs[i]);
    for (size_t i = 0; i < states->n_threads && !out_is_lost(out); i++)
        put_thread(out, &states->threads[i]);
    for (size_t i = 0; i < states->n_tasks && !out_is_lost(out); i++)
        put_task(out, &states->tasks[i]);
}

static void put_json_ranges(struct out *out, const struct gxt_range_state *ranges, size_t n)
{
    json_key(out, "ranges");
    json_array(out);
    for (size_t i = 0; i < n; i++) {
        json_item(out);
        json_begin(out);
        json_word(out, "range", json_range_word(ranges[i].range));
        json_string(out, "detail", ranges[i].detail);
        json_end(out);
    }
    json_array_end(out);
}

static void put_json_goroutine(struct out *out, const struct gxt_goroutine_state *goroutine)
{
    json_begin(out);
    json_signed(out, "id", goroutine->id);
    json_word(out, "state", gxt_gostate_name(goroutine->state));
    json_id(out, "thread", goroutine->thread, GXT_NO_THREAD);
    put_json_ranges(out, goroutine->ranges, goroutine->n_ranges);
    json_key(out, "regions");
    json_array(out);
    for (size_t i = 0; i < goroutine->n_regions; i++) {
        json_item(out);
        json_begin(out);
        json_unsigned(out, "task", goroutine->regions[i].task);
        json_string(out, "type", goroutine->regions[i].type);
        json_end(out);
    }
    json_array_end(out);
    json_end(out);
}

static void put_json_proc(struct out *out, const struct gxt_proc_state *proc)
{
    json_begin(out);
    json_signed(out, "id", proc->id);
    json_word(out, "state", gxt_procstate_name(proc->state));
    json_id(out, "thread", proc->thread, GXT_NO_THREAD);
    json_bool(out, "in_syscall", proc->in_syscall);
    put_json_ranges(out, proc->ranges, proc->n_ranges);
    json_end(out);
}

static void put_json_thread(struct out *out, const struct gxt_thread_state *thread)
{
    json_begin(out);
    json_signed(out, "id", thread->id);
    json_id(out, "proc", thread->proc, GXT_NO_PROC);
    json_id(out, "goroutine", thread->goroutine, GXT_NO_GOROUTINE);
    json_end(out);
}

static void put_json_task(struct out *out, const struct gxt_task_state *task)
{
    json_begin(out);
    json_unsigned(out, "id", task->id);
    json_id(out, "parent", (int64_t)task->parent, (int64_t)GXT_NO_TASK);
    json_string(out, "type", task->type);
    json_end(out);
}

/* "key":[…], each item put by @put */
#define PUT_JSON_LIST(out, key, list, n, put)                                                                          \
    do {                                                                                                               \
        json_key((out), (key));                                                                                        \
        json_array(out);                                                                                               \
        for (size_t i = 0; i < (n) && !out_is_lost(out); i++) {                                                        \
            json_item(out);                                                                                            \
            put((out), &(list)[i]);                                                                                    \
        }                                                                                                              \
        json_array_end(out);                                                                                           \
    } while (0)

static void print_json_states(struct out *out, const struct gxt_states *states, const char *position)
{
    json_begin(out);
    json_signed(out, "time", states->time_ns);
    json_unsigned(out, "next", states->ordinal);
    json_word(out, "position", position);
    json_bool(out, "gc_running", states->gc_running);
    PUT_JSON_LIST(out, "goroutines", states->goroutines, states->n_goroutines, put_json_goroutine);
    PUT_JSON_LIST(out, "procs", states->procs, states->n_procs, put_json_proc);
    PUT_JSON_LIST(out, "threads", states->threads, states->n_threads, put_json_thread);
    PUT_JSON_LIST(out, "tasks", states->tasks, states->n_tasks, put_json_task);
    json_end(out);
    out_char(out, '\n');
}

static int print_states(struct session *session)
{
    const struct gxt_event *next;
    struct gxt_states *states;
    struct gxt_pos pos;
    char position[GXT_POS_TOKEN_SIZE];
    struct out out;
    int r;

    if (gxt_cursor_states(session->cursor, &states) < 0)
        return session_fault(session);
    gxt_cursor_tell(session->cursor, &pos);
    gxt_pos_print(pos, position);
    if (out_init(&out, STDOUT_FILENO) < 0) {
        r = report_memory();
        goto out;
    }
    if (session->options->json)
        print_json_states(&out, states, position);
    else
        print_text_states(&out, states, position);
    r = report_output(&out);
    out_done(&out);
    if (r == STATUS_DONE && gxt_cursor_next(session->cursor, &next) < 0)
        r = session_fault(session);
out:
    gxt_states_free(states);
    return r;
}

int verb_state(const struct options *options)
{
    struct session session;
    struct place place;
    int r = session_open(&session, options);

    if (r == STATUS_DONE) {
        session_tell_index(&session);
        r = session_place(&session, &options->at, &place);
    }
    if (r == STATUS_DONE)
        r = session_seek(&session, &place);
    if (r == STATUS_DONE)
        r = print_states(&session);
    if (r == STATUS_DONE)
        r = session_loss(&session, NULL);
    session_close(&session);
    return r;
}
