#include "printhold/proto/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/wipe.h"

#define DEPTH_MAX 32

/* jansson 2.14 does not look whether it got the memory for the next byte of a
 * string: the byte is missing then, and nobody is told. So we look. */
static _Thread_local bool lacked_memory;

/* jansson frees passwords and tokens as they are. Each block knows its length
 * here, and is wiped before it goes. */
union head {
    size_t len;
    max_align_t align;
};

static void *
allocate(size_t len)
{
    union head *head = NULL;

    if (len <= SIZE_MAX - sizeof(*head))
        head = malloc(sizeof(*head) + len);
    if (head == NULL) {
        lacked_memory = true;
        return NULL;
    }
    head->len = len;
    return head + 1;
}

static void
release(void *block)
{
    union head *head = block;

    if (block == NULL)
        return;
    head--;
    ph_wipe(block, head->len);
    free(head);
}

/* Before main: no block may be freed by another allocator than its own. */
PH_CONSTRUCTOR static void
wipe_memory(void)
{
    json_set_alloc_funcs(allocate, release);
}

static bool
is_too_deep(json_t *value, unsigned depth)
{
    const char *key;
    json_t *child;
    size_t index;

    if (!json_is_object(value) && !json_is_array(value))
        return false;
    if (depth == DEPTH_MAX)
        return true;
    json_object_foreach(value, key,
                        child) if (is_too_deep(child, depth + 1)) return true;
    json_array_foreach(value, index,
                       child) if (is_too_deep(child, depth + 1)) return true;
    return false;
}

int
ph_json_parse(const void *text, size_t len, size_t max, json_t **out_root)
{
    json_error_t error;
    json_t *root;

    if (len > max)
        return PH_ERR_TOO_BIG;
    if (len == 0)
        return PH_ERR_SYNTAX;
    lacked_memory = false;
    root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
    if (lacked_memory) {
        json_decref(root);
        return PH_ERR_NOMEM;
    }
    if (root == NULL)
        return PH_ERR_SYNTAX;
    if (!json_is_object(root) || is_too_deep(root, 0)) {
        json_decref(root);
        return PH_ERR_SYNTAX;
    }
    *out_root = root;
    return PH_OK;
}

struct sink {
    struct ph_buf *buf;
    int err;
};

static int
on_text(const char *text, size_t len, void *arg)
{
    struct sink *sink = arg;

    sink->err = ph_buf_put(sink->buf, text, len);
    return sink->err == PH_OK ? 0 : -1;
}

static int
put(const json_t *root, size_t flags, struct ph_buf *buf)
{
    struct sink sink = {.buf = buf, .err = PH_OK};
    size_t before = buf->len;

    if (root == NULL)
        return PH_ERR_NOMEM; /* a json_pack or json_object that failed */
    if (json_dump_callback(root, on_text, &sink, flags) == 0)
        return PH_OK;
    buf->len = before;
    return sink.err != PH_OK ? sink.err : PH_ERR_NOMEM;
}

int
ph_json_put(const json_t *root, struct ph_buf *buf)
{
    return put(root, JSON_COMPACT, buf);
}

int
ph_json_put_indented(const json_t *root, struct ph_buf *buf)
{
    return put(root, JSON_INDENT(2), buf);
}

int
ph_json_set(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) == 0 ? PH_OK : PH_ERR_NOMEM;
}

/* jansson has checked the encoding; C0, DEL and C1 are left to us. */
static bool
has_control(const char *text, size_t len)
{
    const unsigned char *c = (const unsigned char *)text;

    for (size_t i = 0; i < len; i++) {
        if (c[i] < 0x20 || c[i] == 0x7f)
            return true;
        if (c[i] == 0xc2 && i + 1 < len && c[i + 1] < 0xa0)
            return true;
    }
    return false;
}

int
ph_json_text(const json_t *object, const char *name, char *dst, size_t cap)
{
    const json_t *value = json_object_get(object, name);
    const char *text;
    size_t len;

    if (value == NULL)
        return PH_ERR_NOT_FOUND;
    if (!json_is_string(value))
        return PH_ERR_SYNTAX;
    text = json_string_value(value);
    len = json_string_length(value);
    if (has_control(text, len))
        return PH_ERR_SYNTAX;
    if (len >= cap)
        return PH_ERR_TOO_BIG;
    memcpy(dst, text, len + 1);
    return PH_OK;
}

int
ph_json_int(const json_t *object, const char *name, int64_t min, int64_t max,
            int64_t *out_value)
{
    const json_t *value = json_object_get(object, name);
    int64_t number;

    if (value == NULL)
        return PH_ERR_NOT_FOUND;
    if (!json_is_integer(value))
        return PH_ERR_SYNTAX;
    number = json_integer_value(value);
    if (number < min || number > max)
        return PH_ERR_INVALID;
    *out_value = number;
    return PH_OK;
}
