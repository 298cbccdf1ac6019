#include "denied_names.h"

#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/proto/denied_message.h"

/* One growing list of texts. */
struct texts {
    char **text;
    size_t count, cap;
};

struct hub_denied_names {
    struct texts printers; /* in the order of their ids */
    struct texts thumbprints;
};

static int
add(struct texts *texts, const char *text)
{
    if (texts->count == texts->cap) {
        size_t cap = texts->cap == 0 ? 64 : 2 * texts->cap;
        char **more = realloc(texts->text, cap * sizeof(*more));

        if (more == NULL)
            return PH_ERR_NOMEM;
        texts->text = more;
        texts->cap = cap;
    }
    texts->text[texts->count] = strdup(text);
    if (texts->text[texts->count] == NULL)
        return PH_ERR_NOMEM;
    texts->count++;
    return PH_OK;
}

static void
close_texts(struct texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        free(texts->text[i]);
    free(texts->text);
}

static int
by_text(const void *key, const void *entry)
{
    return strcmp(key, *(char *const *)entry);
}

static bool
has(const struct texts *texts, const char *text)
{
    return texts->count > 0 && bsearch(text, texts->text, texts->count,
                                       sizeof(texts->text[0]), by_text) != NULL;
}

/* Devices come first, by id; a device that is denied needs no certificates. */
static int
take(enum ph_identity_kind kind, const char *device, const char *thumbprint,
     const char *serial, void *arg)
{
    struct hub_denied_names *names = arg;

    (void)serial;
    if (kind != PH_IDENTITY_PRINTER)
        return PH_OK;
    if (thumbprint == NULL)
        return add(&names->printers, device);
    return has(&names->printers, device) ? PH_OK
                                         : add(&names->thumbprints, thumbprint);
}

int
hub_denied_names_load(struct hub_store *store, int64_t now_ms,
                      struct hub_denied_names **out_names)
{
    struct hub_denied_names *names = calloc(1, sizeof(*names));
    int err = names != NULL ? hub_denied_each(store, now_ms, take, names)
                            : PH_ERR_NOMEM;

    if (err == PH_OK)
        *out_names = names;
    else
        hub_denied_names_free(names);
    return err;
}

void
hub_denied_names_free(struct hub_denied_names *names)
{
    if (names == NULL)
        return;
    close_texts(&names->printers);
    close_texts(&names->thumbprints);
    free(names);
}

static int
put(const struct texts *texts, struct ph_buf *buf)
{
    int err = PH_OK;

    for (size_t i = 0; i < texts->count && err == PH_OK; i++) {
        err = ph_buf_put_str(buf, texts->text[i]);
        if (err == PH_OK)
            err = ph_buf_put_str(buf, "\n");
    }
    return err;
}

int
hub_denied_names_put(const struct hub_denied_names *names, struct ph_buf *buf)
{
    int err = put(&names->printers, buf);

    return err == PH_OK ? put(&names->thumbprints, buf) : err;
}

int
hub_denied_names_sign(const struct hub_denied_names *names,
                      const struct ph_message_head *head,
                      const struct ph_jws_key *key, struct ph_buf *out_token)
{
    const struct ph_denied_names said = {
        .printers = (const char *const *)names->printers.text,
        .printer_count = names->printers.count,
        .thumbprints = (const char *const *)names->thumbprints.text,
        .thumbprint_count = names->thumbprints.count,
    };

    return ph_denied_sign(head, &said, key, out_token);
}
