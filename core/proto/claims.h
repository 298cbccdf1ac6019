/* Claims that several kinds of tokens have (RFC 7519). Private to core/proto.
 * All: PH_ERR_INVALID for a claim that is missing, of another type, or breaks
 * the rule. */
#ifndef PRINTHOLD_CORE_PROTO_CLAIMS_H
#define PRINTHOLD_CORE_PROTO_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/proto/json.h"

#define PH_CLAIMS_JTI_MIN 22

/* A text with something in it. */
int ph_claims_text(const json_t *object, const char *name, char *dst,
                   size_t cap);
/* One member of a list: clean text; empty text is no name of anything. */
int ph_claims_list_text(const json_t *list, size_t index, char *dst,
                        size_t cap);
/* A list of 1 to max such texts, each in a row of cap bytes. */
int ph_claims_list(const json_t *list, size_t max, char *rows, size_t cap,
                   size_t *out_count);
/* The same, or one text alone: aud. */
int ph_claims_audience(const json_t *root, size_t max, char *rows, size_t cap,
                       size_t *out_count);
/* A time of RFC 7519, whole seconds. */
int ph_claims_time(const json_t *root, const char *name, int64_t *out_s);
/* 22 base64url characters at least. */
int ph_claims_jti(const json_t *root, char *dst, size_t cap);

#endif
