#include "json_fields.h"

#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

static int64_t
number_get(const struct ph_number_field *field, const void *base)
{
    const char *at = (const char *)base + field->offset;
    uint32_t u32;
    int32_t i32;
    int64_t i64;

    switch (field->kind) {
    case PH_NUMBER_U32:
        memcpy(&u32, at, sizeof(u32));
        return u32;
    case PH_NUMBER_I32:
        memcpy(&i32, at, sizeof(i32));
        return i32;
    default:
        memcpy(&i64, at, sizeof(i64));
        return i64;
    }
}

static void
number_set(const struct ph_number_field *field, int64_t value, void *base)
{
    char *at = (char *)base + field->offset;
    uint32_t u32 = (uint32_t)value;
    int32_t i32 = (int32_t)value;

    switch (field->kind) {
    case PH_NUMBER_U32:
        memcpy(at, &u32, sizeof(u32));
        break;
    case PH_NUMBER_I32:
        memcpy(at, &i32, sizeof(i32));
        break;
    default:
        memcpy(at, &value, sizeof(value));
        break;
    }
}

int
ph_json_put_texts(json_t *object, const struct ph_text_field *fields,
                  size_t count, const void *base)
{
    for (size_t i = 0; i < count; i++) {
        const char *text = (const char *)base + fields[i].offset;
        json_t *value;

        if (text[0] == '\0')
            continue;
        value = json_string(text);
        if (value == NULL) /* not UTF-8, or no memory */
            return PH_ERR_INVALID;
        if (json_object_set_new(object, fields[i].name, value) != 0)
            return PH_ERR_NOMEM;
    }
    return PH_OK;
}

int
ph_json_put_numbers(json_t *object, const struct ph_number_field *fields,
                    size_t count, const void *base)
{
    for (size_t i = 0; i < count; i++) {
        int64_t value = number_get(&fields[i], base);

        if (value < fields[i].min)
            continue;
        if (value > fields[i].max)
            return PH_ERR_INVALID;
        if (json_object_set_new(object, fields[i].name, json_integer(value)) !=
            0)
            return PH_ERR_NOMEM;
    }
    return PH_OK;
}

static int
fail_member(struct ph_why *why, int err, const char *name)
{
    return ph_why_fail(why, err, "member \"%s\": %s", name, ph_err_text(err));
}

int
ph_json_take_texts(const json_t *object, const struct ph_text_field *fields,
                   size_t count, void *base, struct ph_why *why)
{
    for (size_t i = 0; i < count; i++) {
        int err = ph_json_text(object, fields[i].name,
                               (char *)base + fields[i].offset, fields[i].cap);

        if (err != PH_OK && err != PH_ERR_NOT_FOUND)
            return fail_member(why, err, fields[i].name);
    }
    return PH_OK;
}

int
ph_json_take_numbers(const json_t *object, const struct ph_number_field *fields,
                     size_t count, void *base, struct ph_why *why)
{
    for (size_t i = 0; i < count; i++) {
        int64_t value = 0;
        int err = ph_json_int(object, fields[i].name, fields[i].min,
                              fields[i].max, &value);

        if (err == PH_OK)
            number_set(&fields[i], value, base);
        else if (err != PH_ERR_NOT_FOUND)
            return fail_member(why, err, fields[i].name);
    }
    return PH_OK;
}

static int
err_from_keyword(const char *keyword)
{
    static const int all[] = {PH_OK,
#define PH_ERR_VALUE(id, value, key, text) value,
                              PH_ERR_LIST(PH_ERR_VALUE)
#undef PH_ERR_VALUE
    };

    for (size_t i = 0; i < PH_COUNT(all); i++)
        if (strcmp(ph_err_keyword(all[i]), keyword) == 0)
            return all[i];
    return PH_ERR_INTERNAL;
}

int
ph_json_take_err(const json_t *object, const char *name, int *out_err)
{
    char keyword[32];
    int err = ph_json_text(object, name, keyword, sizeof(keyword));

    if (err == PH_OK)
        *out_err = err_from_keyword(keyword);
    return err;
}

int
ph_json_put_root(json_t *root, struct ph_buf *buf)
{
    int err;

    ph_buf_clear(buf);
    err = ph_json_put(root, buf);
    json_decref(root);
    return err;
}
