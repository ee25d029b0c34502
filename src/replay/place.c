/* place.c
 *
 * In: a trace's file name, the environment. Out: the file name of its sidecar. Never: a look into either file.
 */
#include "replay.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MOST_PLACES = 3
};

struct places {
    char *paths[MOST_PLACES];
    size_t n;
    bool failed;
};

static void add(struct places *places, char *path)
{
    if (!path)
        places->failed = true;
    else
        places->paths[places->n++] = path;
}

static char *join(const char *first, const char *second)
{
    char *text;
    return asprintf(&text, "%s%s", first, second) < 0 ? NULL : text;
}

/* In a folder of many sidecars: the trace's own name for people, and a hash of its place so that two do not meet. */
static char *in_folder(const char *folder, const char *trace_path)
{
    char *real = realpath(trace_path, NULL), *path;

    if (!real && errno == ENOMEM)
        return NULL; /* under its other name nobody would find it again */
    const char *place = real ? real : trace_path;
    const char *slash = strrchr(place, '/');
    const char *name = slash ? slash + 1 : place;

    if (asprintf(&path, "%s/%.150s-%016llx.gxi", folder, name, (unsigned long long)hash_bytes(place, strlen(place))) <
        0)
        path = NULL;
    free(real);
    return path;
}

static void list(struct places *places, const char *trace_path)
{
    const char *own = getenv("GXT_INDEX_DIR"), *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char *folder = NULL;

    if (own && *own)
        add(places, in_folder(own, trace_path));
    add(places, join(trace_path, ".gxi"));
    /* The XDG rules: a relative path is as good as none. */
    if (cache && *cache == '/')
        folder = join(cache, "/gxt");
    else if (home && *home == '/')
        folder = join(home, "/.cache/gxt");
    if (folder)
        add(places, in_folder(folder, trace_path));
    free(folder);
}

static bool can_be_written(const char *folder)
{
    return access(folder, W_OK | X_OK) == 0 && !store_may_live(folder, -1);
}

/* Whether a sidecar could be made there: its folder, or the nearest one above that exists, can be written, and is on a
 * disk of this machine. */
static bool can_be_made(const char *path)
{
    char folder[PATH_MAX];

    if ((size_t)snprintf(folder, sizeof folder, "%s", path) >= sizeof folder)
        return false;
    for (;;) {
        char *slash = strrchr(folder, '/');
        if (!slash)
            return can_be_written(".");
        if (slash == folder)
            return can_be_written("/");
        *slash = '\0';
        if (access(folder, F_OK) == 0)
            return can_be_written(folder);
    }
}

static const char *choose(const struct places *places)
{
    for (size_t i = 0; i < places->n; i++)
        if (access(places->paths[i], F_OK) == 0)
            return places->paths[i];
    for (size_t i = 0; i < places->n; i++)
        if (can_be_made(places->paths[i]))
            return places->paths[i];
    return NULL;
}

int place_of_index(const char *trace_path, char **ret, struct gxt_error *fault)
{
    struct places places = {0};
    char *path = NULL;
    int r = 0;

    if (!trace_path)
        return fault_set(fault, GXT_EINVAL, GXT_NO_OFFSET, "a trace without a name has no place for an index");
    list(&places, trace_path);
    const char *chosen = choose(&places);
    if (!chosen && !places.failed)
        r = fault_set(fault, GXT_ENOENT, GXT_NO_OFFSET,
                      "there is no index, and neither the trace's folder nor a cache folder can be written");
    else if (places.failed || !(path = strdup(chosen)))
        r = fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory");
    for (size_t i = 0; i < places.n; i++)
        free(places.paths[i]);
    if (r == 0)
        *ret = path;
    return r;
}

int place_make_folder(const char *path, struct gxt_error *fault)
{
    char *folder = strdup(path);
    int r = 0;

    if (!folder)
        return fault_set(fault, GXT_ENOMEM, GXT_NO_OFFSET, "no memory");
    for (char *slash = folder; r == 0 && (slash = strchr(slash + 1, '/')) != NULL; *slash = '/') {
        *slash = '\0';
        if (mkdir(folder, 0700) < 0 && errno != EEXIST && access(folder, F_OK) < 0)
            r = fault_set_errno(fault, errno, "cannot make the folder %.150s", folder);
    }
    free(folder);
    return r;
}
