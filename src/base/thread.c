/* thread.c
 *
 * In: what is to be done beside the caller. Out: a thread that does it. Never: a signal that is meant for the caller.
 */
#include "base.h"

#include <sched.h>
#include <signal.h>

int thread_begin(pthread_t *ret, void *(*run)(void *user), void *user)
{
    sigset_t most, before;

    sigfillset(&most);
    sigdelset(&most, SIGBUS);
    sigdelset(&most, SIGFPE);
    sigdelset(&most, SIGILL);
    sigdelset(&most, SIGSEGV);
    (void)pthread_sigmask(SIG_SETMASK, &most, &before);
    int code = pthread_create(ret, NULL, run, user);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code == 0 ? 0 : GXT_ENOMEM;
}

unsigned thread_processors(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}
