/* test_stream.c: a trace that comes by a pipe is walked once, forward, as the file is; all else is refused in words.
 */
#include <criterion/criterion.h>
#include <gxt/gxt.h>
#include <stdio.h>
#include <string.h>

static const char path[] = DATA "/sample.trace";

static struct gxt_trace *open_stream(FILE **ret_pipe, bool stream)
{
    struct gxt_trace_options options = GXT_TRACE_OPTIONS_INIT;
    struct gxt_trace *trace = NULL;

    options.stream = stream;
    *ret_pipe = popen("cat " DATA "/sample.trace", "r");
    cr_assert_not_null(*ret_pipe);
    cr_assert_eq(gxt_trace_open_fd(fileno(*ret_pipe), &options, &trace, NULL), 0);
    return trace;
}

Test(gxt_trace_open_fd, gives_the_events_of_the_file_once_and_forward)
{
    struct gxt_trace *whole, *trace;
    struct gxt_cursor *wanted, *cursor;
    const struct gxt_event *want, *event;
    struct gxt_facts facts;
    FILE *pipe;
    int r;

    trace = open_stream(&pipe, true);
    gxt_trace_facts(trace, &facts);
    cr_expect(facts.is_stream);
    cr_assert_eq(gxt_trace_open(path, &whole, NULL), 0);
    cr_assert_eq(gxt_cursor_new(whole, NULL, &wanted), 0);
    cr_assert_eq(gxt_cursor_new(trace, NULL, &cursor), 0);
    while ((r = gxt_cursor_next(wanted, &want)) == 1) {
        cr_assert_eq(gxt_cursor_next(cursor, &event), 1);
        cr_assert_eq(event->time_ns, want->time_ns);
        cr_assert_eq(event->kind, want->kind);
        cr_assert_eq(event->ordinal, want->ordinal);
    }
    cr_expect_eq(r, 0);
    cr_expect_eq(gxt_cursor_next(cursor, &event), 0);

    cr_expect_eq(gxt_cursor_seek_start(cursor), 0);
    cr_expect_eq(gxt_cursor_next(cursor, &event), GXT_EINVAL);
    cr_expect(strstr(gxt_cursor_error(cursor)->message, "cannot go back"));
    cr_expect_eq(gxt_cursor_seek_ordinal(cursor, 100), GXT_EINVAL);
    gxt_cursor_free(cursor);
    gxt_cursor_free(wanted);
    gxt_trace_close(whole);
    gxt_trace_close(trace);
    pclose(pipe);
}

Test(gxt_trace_open_fd, refuses_what_needs_all_of_a_stream)
{
    struct gxt_index *index = NULL;
    struct gxt_estimate estimate;
    FILE *pipe;
    struct gxt_trace *trace = open_stream(&pipe, true);

    cr_expect_eq(gxt_index_open(trace, NULL, &index, NULL), GXT_EINVAL);
    cr_expect_eq(gxt_index_open(trace, "some.gxi", &index, NULL), GXT_EINVAL);
    cr_expect_eq(gxt_index_build(trace, "some.gxi", NULL, NULL), GXT_EINVAL);
    cr_expect_eq(gxt_trace_estimate(trace, &estimate, NULL), GXT_EINVAL);
    cr_expect_null(gxt_trace_spool(trace));
    gxt_trace_close(trace);
    pclose(pipe);
}

Test(gxt_trace_open_fd, keeps_all_of_a_pipe_where_no_stream_is_asked_for)
{
    struct gxt_trace_options wrong = GXT_TRACE_OPTIONS_INIT;
    struct gxt_cursor *cursor;
    const struct gxt_event *event;
    struct gxt_error error;
    struct gxt_facts facts;
    FILE *pipe;
    struct gxt_trace *trace = open_stream(&pipe, false);

    gxt_trace_facts(trace, &facts);
    cr_expect(!facts.is_stream);
    cr_assert_eq(gxt_cursor_new(trace, NULL, &cursor), 0);
    cr_expect_eq(gxt_cursor_seek_end(cursor), 0);
    cr_expect_eq(gxt_cursor_next(cursor, &event), 0);
    cr_expect_eq(gxt_cursor_prev(cursor, &event), 1);
    cr_expect_eq(gxt_cursor_seek_start(cursor), 0);
    cr_expect_eq(gxt_cursor_next(cursor, &event), 1);
    cr_expect_eq(event->ordinal, 0);
    cr_expect_eq(gxt_index_build(trace, NULL, NULL, &error), GXT_EINVAL, "there is no name for it");
    gxt_cursor_free(cursor);
    gxt_trace_close(trace);
    pclose(pipe);

    wrong.size--;
    cr_expect_eq(gxt_trace_open_with(path, &wrong, &trace, &error), GXT_EINVAL);
}
