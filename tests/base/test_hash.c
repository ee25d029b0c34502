/* test_hash.c: the hash is XXH3, so that names made by one build are those of another.
 */
#include "base.h"

#include <criterion/criterion.h>

Test(hash_bytes, is_xxh3)
{
    cr_expect_eq(hash_bytes("", 0), UINT64_C(0x2d06800538d394c2), "XXH3's own test value for nothing");
    cr_expect_neq(hash_bytes("a", 1), hash_bytes("b", 1));
    cr_expect_eq(hash_bytes("abc", 3), hash_bytes("abcd", 3));
}

Test(hash_bytes_seed, is_another_function_for_each_seed)
{
    cr_expect_eq(hash_bytes_seed("abc", 3, 0), hash_bytes("abc", 3));
    cr_expect_neq(hash_bytes_seed("abc", 3, 1), hash_bytes("abc", 3));
    cr_expect_neq(hash_bytes_seed("abc", 3, 1), hash_bytes_seed("abc", 3, 2));
}
