#include "printhold/proto/denied_message.h"

#include <stdlib.h>

#include "denied_private.h"
#include "message_claims.h"
#include "message_sign.h"
#include "printhold/base/err.h"
#include "printhold/proto/token.h"

/* --- reading --- */

static int
add_printer(struct ph_denied *denied, const char *text)
{
    return ph_denied_add_printer(denied, text, strlen(text));
}

static int
take_list(const json_t *list, size_t max, struct ph_denied *denied,
          int (*add)(struct ph_denied *denied, const char *text))
{
    char text[PH_IDENTITY_MAX + PH_THUMBPRINT_TEXT];
    const size_t count = json_array_size(list);
    int err = json_is_array(list) && count <= max ? PH_OK : PH_ERR_INVALID;

    for (size_t i = 0; i < count && err == PH_OK; i++) {
        err = ph_claims_list_text(list, i, text, sizeof(text));
        if (err == PH_OK)
            err = add(denied, text);
    }
    return err;
}

/* NULL, or the claim that is wrong. */
static const char *
read_message(const json_t *root, struct ph_denied_message *message)
{
    const char *wrong = ph_message_claims_read(root, false, &message->claims);

    if (wrong != NULL)
        return wrong;
    if (ph_message_version(root, &message->version) != PH_OK)
        return "ver";
    if (take_list(json_object_get(root, "printers"), PH_DENIED_ENTRIES_MAX,
                  message->denied, add_printer) != PH_OK)
        return "printers";
    if (take_list(json_object_get(root, "certificates"),
                  PH_DENIED_ENTRIES_MAX - ph_denied_count(message->denied),
                  message->denied, ph_denied_add_thumbprint) != PH_OK)
        return "certificates";
    ph_denied_sort(message->denied);
    return NULL;
}

int
ph_denied_message_parse(const void *json, size_t len,
                        struct ph_denied_message *out_message,
                        struct ph_why *why)
{
    struct ph_denied_message message = {.denied = NULL};
    json_t *root = NULL;
    const char *wrong;
    int err = ph_json_parse(json, len, PH_TOKEN_DENIED_MAX, &root);

    if (err != PH_OK)
        return err == PH_ERR_NOMEM
                   ? err
                   : ph_why_fail(why, PH_ERR_INVALID,
                                 "The claims of the denied printers are not "
                                 "proper JSON");
    message.denied = ph_denied_new();
    if (message.denied == NULL) {
        json_decref(root);
        return PH_ERR_NOMEM;
    }
    wrong = read_message(root, &message);
    json_decref(root);
    if (wrong == NULL) {
        *out_message = message;
        return PH_OK;
    }
    ph_denied_free(message.denied);
    return ph_why_fail(why, PH_ERR_INVALID,
                       "%s in the denied printers is missing or wrong", wrong);
}

/* --- making --- */

static int
check(const void *json, size_t len)
{
    struct ph_denied_message message;
    int err = ph_denied_message_parse(json, len, &message, NULL);

    if (err == PH_OK)
        ph_denied_free(message.denied);
    return err;
}

static int
put_list(json_t *root, const char *name, const char *const *texts, size_t count)
{
    json_t *list = json_array();
    int err = PH_OK;

    for (size_t i = 0; i < count && err == PH_OK; i++) {
        if (json_array_append_new(list, json_string(texts[i])) != 0)
            err = PH_ERR_NOMEM;
    }
    if (err == PH_OK && json_object_set(root, name, list) != 0)
        err = PH_ERR_NOMEM;
    json_decref(list);
    return err;
}

int
ph_denied_sign(const struct ph_message_head *head,
               const struct ph_denied_names *names,
               const struct ph_jws_key *key, struct ph_buf *out_token)
{
    json_t *root = json_object();
    int err = ph_message_head_put(head, root);

    if (err == PH_OK)
        err = put_list(root, "printers", names->printers, names->printer_count);
    if (err == PH_OK)
        err = put_list(root, "certificates", names->thumbprints,
                       names->thumbprint_count);
    return ph_message_sign(root, err, PH_TOKEN_DENIED, check, key, out_token);
}
