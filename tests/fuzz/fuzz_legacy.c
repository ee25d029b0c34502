/* fuzz_legacy.c: bytes as a trace from before Go 1.22, read in every way. The first byte chooses the version, what
 * follows comes behind the header.
 */
#include "fuzz.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char headers[][17] = {"go 1.11 trace\0\0\0", "go 1.19 trace\0\0\0", "go 1.21 trace\0\0\0"};

    if (size == 0)
        return 0;
    uint8_t *bytes = malloc(16 + size - 1);
    if (!bytes)
        return 0;
    memcpy(bytes, headers[data[0] % 3], 16);
    memcpy(bytes + 16, data + 1, size - 1);
    fuzz_check_trace(bytes, 16 + size - 1);
    free(bytes);
    return 0;
}
