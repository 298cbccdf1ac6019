#include "control_watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "json_fields.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/parse.h"
#include "printhold/proto/frame.h"

#define PLACE_MAX 48 /* two numbers of 16 digits, and a dot */

static const char *const names[] = {
#define NAME(name, keyword) [PH_CHANGE_##name] = (keyword),
    PH_CONTROL_CHANGES(NAME)
#undef NAME
};

/* --- the place --- */

int
ph_control_place_fill(const struct ph_control_place *place, json_t *root)
{
    char text[PLACE_MAX];

    if (place->held < 0 || place->held > PH_JSON_INT_MAX || place->record < 0 ||
        place->record > PH_JSON_INT_MAX)
        return PH_ERR_INVALID;
    (void)snprintf(text, sizeof(text), "%" PRId64 ".%" PRId64, place->held,
                   place->record);
    return json_object_set_new(root, "from", json_string(text)) == 0
               ? PH_OK
               : PH_ERR_NOMEM;
}

static int
take_place(const json_t *root, struct ph_control_place *place)
{
    char text[PLACE_MAX];
    uint64_t held, record;
    const char *dot;
    int err = ph_json_text(root, "from", text, sizeof(text));

    if (err != PH_OK)
        return err;
    dot = strchr(text, '.');
    if (dot == NULL)
        return PH_ERR_SYNTAX;
    err = ph_parse_u64_n(text, (size_t)(dot - text), 0, PH_JSON_INT_MAX, &held);
    if (err == PH_OK)
        err = ph_parse_u64(dot + 1, 0, PH_JSON_INT_MAX, &record);
    if (err == PH_OK)
        *place = (struct ph_control_place){(int64_t)held, (int64_t)record};
    return err;
}

int
ph_control_watch_take(const json_t *root, struct ph_control_request *request,
                      struct ph_why *why)
{
    int err = take_place(root, &request->from);

    request->has_from = err == PH_OK;
    if (err == PH_OK || err == PH_ERR_NOT_FOUND)
        return PH_OK;
    return ph_why_fail(why, PH_ERR_INVALID,
                       "from is what an earlier item of a watch said");
}

/* --- changes --- */

static const struct ph_text_field texts[] = {
    PH_TEXT_FIELD(ph_control_change, job, "job"),
    PH_TEXT_FIELD(ph_control_change, title, "job-name"),
    PH_TEXT_FIELD(ph_control_change, printer, "printer"),
    PH_TEXT_FIELD(ph_control_change, reason, "reason"),
    PH_TEXT_FIELD(ph_control_change, text, "text"),
};
static const struct ph_number_field numbers[] = {
    PH_I64_FIELD(ph_control_change, at_ms, "at-ms"),
    PH_I64_FIELD(ph_control_change, until_ms, "expires-ms"),
};

int
ph_control_change_put(const struct ph_control_change *change,
                      struct ph_buf *buf)
{
    json_t *root;
    int err;

    if (change->kind == PH_CHANGE_OTHER ||
        (size_t)change->kind >= PH_COUNT(names))
        return PH_ERR_INVALID;
    root = json_pack("{s:s}", "change", names[change->kind]);
    err = root != NULL ? ph_control_place_fill(&change->place, root)
                       : PH_ERR_NOMEM;
    if (err == PH_OK)
        err = ph_json_put_texts(root, texts, PH_COUNT(texts), change);
    if (err == PH_OK)
        err = ph_json_put_numbers(root, numbers, PH_COUNT(numbers), change);
    if (err == PH_OK)
        return ph_json_put_root(root, buf);
    json_decref(root);
    return err;
}

/* One that is not known is none that a newer agent may not say. */
static enum ph_control_change_kind
kind_of(const char *name)
{
    for (size_t i = 1; i < PH_COUNT(names); i++)
        if (strcmp(names[i], name) == 0)
            return (enum ph_control_change_kind)i;
    return PH_CHANGE_OTHER;
}

static int
take_change(const json_t *root, struct ph_control_change *change)
{
    char name[PH_CONTROL_TEXT_MAX];
    struct ph_id id;
    int err = ph_json_text(root, "change", name, sizeof(name));

    if (err == PH_OK)
        change->kind = kind_of(name);
    if (err == PH_OK)
        err = take_place(root, &change->place);
    if (err == PH_OK)
        err = ph_json_take_texts(root, texts, PH_COUNT(texts), change, NULL);
    if (err == PH_OK)
        err = ph_json_take_numbers(root, numbers, PH_COUNT(numbers), change,
                                   NULL);
    if (err == PH_OK && change->job[0] != '\0')
        err = ph_id_parse(change->job, &id);
    return err == PH_ERR_NOT_FOUND ? PH_ERR_SYNTAX : err;
}

int
ph_control_change_parse(const void *body, size_t len,
                        struct ph_control_change *out_change)
{
    struct ph_control_change change = {.kind = PH_CHANGE_OTHER};
    json_t *root = NULL;
    int err = ph_json_parse(body, len, PH_FRAME_MAX, &root);

    if (err != PH_OK)
        return err;
    err = take_change(root, &change);
    json_decref(root);
    if (err == PH_OK)
        *out_change = change;
    return err;
}
