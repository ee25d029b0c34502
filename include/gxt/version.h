/* version.h: which gxt this is. */
#ifndef GXT_VERSION_H
#define GXT_VERSION_H

#define GXT_VERSION_MAJOR 0
#define GXT_VERSION_MINOR 1
#define GXT_VERSION_PATCH 0
#define GXT_VERSION "0.1.0"

#if defined(__GNUC__)
#define GXT_API __attribute__((visibility("default")))
#else
#define GXT_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/**
 * gxt_version() - the version of the library that is loaded
 *
 * Return: text such as "0.1.0"; compare with GXT_VERSION, that of the headers compiled against.
 * Threads: any.
 * Since: 0.1
 */
GXT_API const char *gxt_version(void);

#ifdef __cplusplus
}
#endif
#endif
