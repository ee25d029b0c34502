/* fuzz_read.c: bytes as a trace of Go 1.22 or later, read in every way.
 */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = {data, data + size};
    int version;

    if (wire_header(&in, &version) == 0 && wire_is_old(version))
        return 0; /* fuzz_legacy's */
    fuzz_check_trace(data, size);
    return 0;
}
