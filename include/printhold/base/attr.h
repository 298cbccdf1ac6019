/* Compiler attributes, wrapped so that the code stays plain C11. */
#ifndef PRINTHOLD_BASE_ATTR_H
#define PRINTHOLD_BASE_ATTR_H

#if defined(__GNUC__) || defined(__clang__)
#define PH_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define PH_NORETURN           __attribute__((noreturn))
#define PH_UNUSED             __attribute__((unused))
#define PH_MUST_CHECK         __attribute__((warn_unused_result))
#define PH_CONSTRUCTOR        __attribute__((constructor)) /* before main */
#else
#define PH_PRINTF(fmt, first)
#define PH_NORETURN
#define PH_UNUSED
#define PH_MUST_CHECK
#endif

#define PH_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
