/* verbs.h: what the program can do: one file each.
 */
#ifndef VERBS_H
#define VERBS_H

#include "options.h"

int verb_index(const struct options *options);
int verb_info(const struct options *options);
int verb_cat(const struct options *options);
int verb_count(const struct options *options);
int verb_goroutines(const struct options *options);
int verb_verify(const struct options *options);
int verb_state(const struct options *options);

#endif
