/*
 * JSON from and to outside, with jansson: duplicates refused, depth at most
 * 32, text must be valid UTF-8 without NUL, one value and nothing behind it.
 * The only header that shows jansson; include it from core/proto and from
 * program files that build or read messages, nowhere else.
 *
 * What jansson frees is wiped: an object with a secret in it leaves nothing
 * behind. Its memory is not that of malloc: nothing of it is for free().
 */
#ifndef PRINTHOLD_PROTO_JSON_H
#define PRINTHOLD_PROTO_JSON_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/model/findings.h"

/* Parse an object; PH_ERR_SYNTAX, or PH_ERR_TOO_BIG over max bytes. Free with
 * json_decref. */
int ph_json_parse(const void *text, size_t len, size_t max, json_t **out_root);

/* Compact text, keys in insertion order; appended to buf. */
int ph_json_put(const json_t *root, struct ph_buf *buf);
/* The same for people to read. */
int ph_json_put_indented(const json_t *root, struct ph_buf *buf);

/* Add a member; the value is consumed. PH_ERR_NOMEM, also when the value is
 * NULL: no memory, or no UTF-8. */
int ph_json_set(json_t *object, const char *name, json_t *value);

/*
 * Members of an object. PH_ERR_NOT_FOUND when absent (out untouched),
 * PH_ERR_SYNTAX for the wrong type or control characters, PH_ERR_TOO_BIG when
 * it does not fit, PH_ERR_INVALID out of range.
 */
int ph_json_text(const json_t *object, const char *name, char *dst, size_t cap);
int ph_json_int(const json_t *object, const char *name, int64_t min,
                int64_t max, int64_t *out_value);

/* {"valid": false, "more": 0,
 *  "findings": [{"text": "...", "file": "...", "line": 3}]}
 * without file or line where there is none. NULL: no memory. */
json_t *ph_json_findings(const struct ph_findings *findings);

#endif
