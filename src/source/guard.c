/* guard.c
 *
 * In: a signal that a page of a trace's mapping is gone. Out: zeros in its place, and a mark that what is read there is
 * none of the trace's. Never: a signal of others taken: it goes on to who had it before.
 *
 * A mapping has a slot while it is open. The handler only reads slots and sets marks, so it needs no lock.
 */
#include "source_priv.h"

#include <errno.h>
#include <gxt/limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

struct guard {
    _Atomic uintptr_t begin, end; /* 0 in end: the slot is free, or about to be filled */
    atomic_bool is_taken, is_cut;
};

static struct guard guards[GXT_MAX_GUARDED];
static struct sigaction before;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the installation */
static bool is_installed;
static uintptr_t page_bytes;

struct guard *guard_take(const void *at, uint64_t size)
{
    for (size_t i = 0; i < GXT_MAX_GUARDED; i++) {
        struct guard *guard = &guards[i];
        if (atomic_exchange(&guard->is_taken, true))
            continue;
        atomic_store(&guard->is_cut, false);
        atomic_store(&guard->begin, (uintptr_t)at);
        atomic_store(&guard->end, (uintptr_t)at + (uintptr_t)size);
        return guard;
    }
    return NULL;
}

void guard_leave(struct guard *guard)
{
    if (!guard)
        return;
    atomic_store(&guard->end, 0);
    atomic_store(&guard->is_taken, false);
}

bool guard_is_cut(const struct guard *guard)
{
    return guard && atomic_load_explicit(&guard->is_cut, memory_order_relaxed);
}

/* What is behind a page that is gone is gone too: zeros up to the mapping's end, so that one signal is all. */
static bool mend(uintptr_t at)
{
    for (size_t i = 0; i < GXT_MAX_GUARDED; i++) {
        struct guard *guard = &guards[i];
        const uintptr_t end = atomic_load(&guard->end), page = at / page_bytes * page_bytes;
        if (end == 0 || at < atomic_load(&guard->begin) || at >= end)
            continue;
        atomic_store(&guard->is_cut, true);
        return mmap((void *)page, end - page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
    }
    return false;
}

/* A signal that is nobody's here: the handler before gets it, or the default, when what it came of happens again. */
static void pass_on(int number, siginfo_t *info, void *context)
{
    if (before.sa_flags & SA_SIGINFO)
        before.sa_sigaction(number, info, context);
    else if (before.sa_handler == SIG_DFL || before.sa_handler == SIG_IGN)
        (void)sigaction(number, &before, NULL);
    else
        before.sa_handler(number);
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    const int saved = errno;

    if (!mend((uintptr_t)info->si_addr))
        pass_on(number, info, context);
    errno = saved;
}

int guard_install(struct gxt_error *fault)
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    int r = 0;

    (void)pthread_mutex_lock(&lock);
    page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
    sigemptyset(&action.sa_mask);
    if (!is_installed && sigaction(SIGBUS, &action, &before) < 0)
        r = fault_set_errno(fault, errno, "cannot handle SIGBUS");
    is_installed = is_installed || r == 0;
    (void)pthread_mutex_unlock(&lock);
    return r;
}
