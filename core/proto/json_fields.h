/*
 * Tables that map members of a JSON object to fields of a plain struct:
 * bounded text and integers with a range. Private to core/proto.
 */
#ifndef PRINTHOLD_PROTO_JSON_FIELDS_H
#define PRINTHOLD_PROTO_JSON_FIELDS_H

#include <stddef.h>
#include <stdint.h>

#include "printhold/base/why.h"
#include "printhold/model/ticket.h"
#include "printhold/proto/json.h"

struct ph_text_field {
    const char *name;
    size_t offset;
    size_t cap;
};

enum ph_number_kind { PH_NUMBER_U32, PH_NUMBER_I32, PH_NUMBER_I64 };

/* Values below min mean "not known". */
struct ph_number_field {
    const char *name;
    size_t offset;
    enum ph_number_kind kind;
    int64_t min;
    int64_t max;
};

/* Integers beyond 2^53 lose digits in other people's JSON readers. */
#define PH_JSON_INT_MAX INT64_C(9007199254740991)

#define PH_TEXT_FIELD(type, member, name)      \
    {                                          \
        name, offsetof(struct type, member),   \
            sizeof(((struct type *)0)->member) \
    }
#define PH_I64_FIELD(type, member, name)                                       \
    {                                                                          \
        name, offsetof(struct type, member), PH_NUMBER_I64, 0, PH_JSON_INT_MAX \
    }

/* Add the fields to object. Empty text and numbers that are not known are
 * left out; PH_ERR_INVALID for text that is not UTF-8 or a number too big. */
int ph_json_put_texts(json_t *object, const struct ph_text_field *fields,
                      size_t count, const void *base);
int ph_json_put_numbers(json_t *object, const struct ph_number_field *fields,
                        size_t count, const void *base);

/* Set the fields that object has; absent ones are left alone. why names the
 * member that is wrong. */
int ph_json_take_texts(const json_t *object, const struct ph_text_field *fields,
                       size_t count, void *base, struct ph_why *why);
int ph_json_take_numbers(const json_t *object,
                         const struct ph_number_field *fields, size_t count,
                         void *base, struct ph_why *why);

/* An error by its keyword (err.h). One that a newer program has is a failure
 * all the same: PH_ERR_INTERNAL. */
int ph_json_take_err(const json_t *object, const char *name, int *out_err);

/* Replace buf by the text of root, and release root (NULL: no memory). */
int ph_json_put_root(json_t *root, struct ph_buf *buf);

/* The ticket as members of an object that exists; see ticket_json.h. */
int ph_ticket_object_put(const struct ph_ticket *ticket, json_t *object);
int ph_ticket_object_take(const json_t *object, struct ph_ticket *out_ticket,
                          struct ph_why *why);

#endif
