/* tidy.h: what .ci/run tells the analyzer, which looks at one file at a time: fault_set() gives back the code it got.
 */
#include "base.h"

#define fault_set(fault, code, ...) ((void)fault_set(fault, code, __VA_ARGS__), (code))
