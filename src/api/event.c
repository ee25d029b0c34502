/* event.c: <gxt/event.h>. */
#include "replay.h"

#include <gxt/gxt.h>

uint64_t gxt_stack_id(const struct gxt_stack *stack)
{
    return gen_stack_id(stack);
}

size_t gxt_stack_len(const struct gxt_stack *stack)
{
    return stack ? stack->n_frames : 0;
}

const struct gxt_frame *gxt_stack_at(const struct gxt_stack *stack, size_t i)
{
    return stack && i < stack->n_frames ? &stack->frames[i] : NULL;
}

bool gxt_event_belongs(const struct gxt_event *event, struct gxt_resource_id id)
{
    return event_belongs(event, id.resource, id.id);
}

const char *gxt_kind_name(int kind)
{
    return word_kind(kind);
}

const char *gxt_resource_name(int resource)
{
    return word_resource(resource);
}

const char *gxt_gostate_name(int state)
{
    return word_gostate(state);
}

const char *gxt_procstate_name(int state)
{
    return word_procstate(state);
}

const char *gxt_reason_name(int reason)
{
    return word_reason(reason);
}

int gxt_reason_since(int reason)
{
    return word_reason_since(reason);
}

int gxt_range_since(int range)
{
    return word_range_since(range);
}

const char *gxt_wire_name(int wire_type)
{
    return word_wire(wire_type);
}

const char *gxt_experimental_arg_name(int wire_type, size_t i)
{
    return word_experimental_arg(wire_type, i);
}

const char *gxt_experiment_name(int wire_type)
{
    return word_experiment(wire_type);
}
