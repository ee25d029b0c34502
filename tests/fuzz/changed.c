/* changed.c: traces changed as the fuzzer changes them, and read, with any compiler.
 *
 * usage: changed ROUNDS FILE...
 *
 * Each file goes through so many changes, one upon another, and is read after each. Always the same ones.
 */
#include "fuzz.h"
#include "mutate.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    MOST = 8192,  /* bytes of a trace */
    PATIENCE = 60 /* seconds for one */
};

static uint64_t dice = 1;

/* What has no better way: one byte. */
static size_t change_byte(uint8_t *data, size_t size, size_t max_size)
{
    (void)max_size;
    if (size > 0)
        data[next_random(&dice) % size] ^= (uint8_t)(1u << next_random(&dice) % 8);
    return size;
}

int main(int argc, char **argv)
{
    const unsigned long rounds = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
    unsigned long n_changed = 0;

    for (int i = 2; i < argc; i++) {
        uint8_t bytes[MOST];
        size_t size;
        uint8_t *whole = fuzz_read(argv[i], &size);
        size = size < MOST ? size : MOST;
        memcpy(bytes, whole, size);
        free(whole);
        for (unsigned long round = 0; round < rounds; round++) {
            fprintf(stderr, "%s, change %lu\n", argv[i], round);
            alarm(PATIENCE);
            size = mutate(bytes, size, sizeof bytes, next_random(&dice), change_byte);
            (void)LLVMFuzzerTestOneInput(bytes, size);
            n_changed++;
        }
    }
    printf("%lu changed traces\n", n_changed);
    return n_changed == 0;
}
