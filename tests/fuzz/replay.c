/* replay.c: a target run over files, with any compiler.
 *
 * usage: TARGET FILE|FOLDER...
 *
 * Each file, and each file of a folder, is one input. It ends with status 0 when the target came back from all of them,
 * and there was one.
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PATIENCE = 60 /* seconds for one input, on the slowest machine under a sanitizer */
};

static unsigned n_inputs;

static void run_file(const char *path)
{
    size_t size;
    uint8_t *bytes = fuzz_read(path, &size);
    uint8_t *exact = malloc(size ? size : 1); /* so that a sanitizer sees a read past its end */

    if (!exact)
        fuzz_wrong("no memory", size);
    memcpy(exact, bytes, size);
    free(bytes);
    alarm(PATIENCE);
    (void)LLVMFuzzerTestOneInput(exact, size);
    alarm(0);
    free(exact);
    n_inputs++;
}

static void run_folder(const char *path)
{
    struct dirent **entries;
    char name[4096];
    int n = scandir(path, &entries, NULL, alphasort);

    if (n < 0)
        fuzz_wrong(path, 0);
    for (int i = 0; i < n; i++) {
        snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.') {
            fprintf(stderr, "%s\n", name); /* the last one said is the one that failed */
            run_file(name);
        }
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    struct stat status;

    for (int i = 1; i < argc; i++) {
        if (stat(argv[i], &status) < 0)
            fuzz_wrong(argv[i], 0);
        if (S_ISDIR(status.st_mode))
            run_folder(argv[i]);
        else
            run_file(argv[i]);
    }
    if (n_inputs == 0)
        fprintf(stderr, "usage: %s FILE|FOLDER...\n", argv[0]);
    return n_inputs == 0 ? 2 : 0;
}
