#include "listing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "issuer.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/id.h"
#include "printhold/proto/grant.h"
#include "store_directory.h"

/* --- grants --- */

static int
copy(const char *text, char *dst, size_t cap)
{
    size_t len = strlen(text);

    if (len >= cap)
        return PH_ERR_TOO_BIG;
    memcpy(dst, text, len + 1);
    return PH_OK;
}

static void
put_methods(struct ph_grant *grant, enum ph_sign_in_way way)
{
    const char *const *words = ph_sign_in_way_amr(way);

    for (size_t i = 0; words[i] != NULL && i < PH_GRANT_METHODS_MAX; i++) {
        (void)snprintf(grant->method[i], sizeof(grant->method[i]), "%s",
                       words[i]);
        grant->method_count = i + 1;
    }
}

int
hub_grant_make(const struct hub *hub, const struct ph_jws_key *issuer,
               const struct hub_listing *listing, const char *workstation,
               struct ph_buf *token)
{
    struct ph_grant grant = {.audience_count = 1, .all_jobs = true};
    struct ph_id id;
    int err = ph_id_make(&id);

    if (err != PH_OK)
        return err;
    _Static_assert(PH_ID_TEXT - 1 >= PH_GRANT_JTI_MIN, "an id is a jti");
    ph_id_format(&id, grant.jti);
    err = copy(hub->tenant.issuer, grant.issuer, sizeof(grant.issuer));
    if (err == PH_OK)
        err = copy(workstation, grant.audience[0], sizeof(grant.audience[0]));
    if (err == PH_OK)
        err =
            copy(listing->person->login, grant.subject, sizeof(grant.subject));
    if (err == PH_OK)
        err = copy(listing->thumbprint, grant.thumbprint,
                   sizeof(grant.thumbprint));
    if (err != PH_OK)
        return err;
    grant.issued_s = listing->now_ms / 1000;
    grant.not_before_s = grant.issued_s;
    grant.expires_s = grant.issued_s + (int64_t)hub->config->grant_life_s;
    put_methods(&grant, listing->way);
    return ph_grant_sign(&grant, issuer, token);
}

/* --- the list --- */

static int
put_presence(json_t *entry, const struct hub_holding *holding)
{
    char since[PH_TIME_TEXT];
    int err = ph_json_set(entry, "presence",
                          json_string(holding->is_heard
                                          ? ph_presence_name(holding->presence)
                                          : "unknown"));

    if (err != PH_OK || !holding->is_heard || holding->presence_ms <= 0)
        return err;
    ph_clock_format(holding->presence_ms, since);
    return ph_json_set(entry, "since", json_string(since));
}

/* The members of the document, without the jobs that are over. */
static int
put_document(json_t *entry, const char *text, int64_t now_ms)
{
    json_t *document = NULL;
    size_t left;
    int err =
        ph_json_parse(text, strlen(text), PH_DIRECTORY_BYTES_MAX, &document);

    if (err == PH_OK)
        err = ph_directory_drop_expired(document, now_ms, &left);
    if (err == PH_OK && json_object_update_missing(entry, document) != 0)
        err = PH_ERR_NOMEM;
    json_decref(document);
    return err;
}

static int
put_nothing(json_t *entry)
{
    int err = ph_json_set(entry, "jobs", json_array());

    return err == PH_OK ? ph_json_set(entry, "more", json_integer(0)) : err;
}

struct making {
    json_t *list;
    int64_t now_ms;
};

static int
add_holding(const struct hub_holding *holding, void *arg)
{
    struct making *making = arg;
    json_t *entry = json_object();
    int err = ph_json_set(entry, "ws", json_string(holding->device));

    if (err == PH_OK && holding->name[0] != '\0')
        err = ph_json_set(entry, "name", json_string(holding->name));
    if (err == PH_OK)
        err = put_presence(entry, holding);
    if (err == PH_OK)
        err = holding->text != NULL
                  ? put_document(entry, holding->text, making->now_ms)
                  : put_nothing(entry);
    if (err == PH_OK)
        err =
            json_array_append(making->list, entry) == 0 ? PH_OK : PH_ERR_NOMEM;
    json_decref(entry);
    return err;
}

static int
add_grants(const struct hub *hub, const struct ph_jws_key *issuer,
           const struct hub_listing *listing, json_t *list)
{
    struct ph_buf token;
    size_t index;
    json_t *entry;
    int err = PH_OK;

    ph_buf_init(&token, PH_JWS_MAX + 1);
    json_array_foreach(list, index, entry)
    {
        const char *ws = json_string_value(json_object_get(entry, "ws"));

        if (err == PH_OK)
            err = hub_grant_make(hub, issuer, listing, ws, &token);
        if (err == PH_OK)
            err =
                ph_json_set(entry, "grant",
                            json_stringn((const char *)token.data, token.len));
    }
    ph_buf_close(&token);
    return err;
}

int
hub_listing_make(struct hub *hub, const struct hub_listing *listing,
                 json_t **out_list)
{
    struct making making = {json_array(), listing->now_ms};
    struct hub_issuer_now issuer = {.signer = NULL};
    int err = making.list != NULL ? hub_store_begin(hub->store) : PH_ERR_NOMEM;

    if (err == PH_OK) {
        err = hub_holding_each(hub->store, listing->person->login,
                               listing->person->uk, listing->now_ms,
                               HUB_WORKSTATIONS_MAX, add_holding, &making);
        if (err == PH_OK)
            err = hub_issuer_now(hub, &issuer, NULL);
        err = hub_store_end(hub->store, err);
    }
    if (err == PH_OK)
        err = add_grants(hub, issuer.signer, listing, making.list);
    if (err == PH_OK)
        *out_list = making.list;
    else
        json_decref(making.list);
    return err;
}
