/*
 * Problem details (RFC 9457): how every HTTP service of ours says that it will
 * not. "type" is urn:printhold:problem: and a keyword for programs, "title" the
 * words of the status, "detail" a sentence that a person can read.
 */
#ifndef PRINTHOLD_PROTO_PROBLEM_H
#define PRINTHOLD_PROTO_PROBLEM_H

#include "printhold/proto/json.h"

#define PH_PROBLEM_CONTENT "application/problem+json"

/* detail gets a full stop when it has none. NULL without memory. */
json_t *ph_problem_make(unsigned status, const char *keyword,
                        const char *detail);

#endif
