#include "printhold/proto/workstation_info.h"

#include "printhold/base/err.h"
#include "printhold/proto/json.h"
#include "printhold/proto/submission.h"

#define DOCUMENT_VERSION 1

static int
put_object(json_t *root, const char *name, json_t *object)
{
    return json_object_set_new(root, name, object) == 0 ? PH_OK : PH_ERR_NOMEM;
}

static int
put_addresses(json_t *root, const struct ph_workstation_info *info)
{
    json_t *list = json_array();

    for (size_t i = 0;
         i < info->address_count && i < PH_WORKSTATION_INFO_ADDRESSES_MAX;
         i++) {
        if (json_array_append_new(list, json_string(info->addresses[i])) != 0) {
            json_decref(list);
            return PH_ERR_INVALID;
        }
    }
    return put_object(root, "addr", list);
}

static int
put_os(json_t *root, const struct ph_workstation_info *info)
{
    json_t *os = json_object();
    int err = ph_submission_text(os, "name", info->os_name);

    if (err == PH_OK)
        err = ph_submission_text(os, "version", info->os_version);
    if (err == PH_OK)
        return put_object(root, "os", os);
    json_decref(os);
    return err;
}

static int
put_spool(json_t *root, const struct ph_workstation_info *info)
{
    json_t *spool = json_object();
    int err = ph_submission_number(spool, "jobs", info->spool_jobs);

    if (err == PH_OK)
        err = ph_submission_number(spool, "bytes", info->spool_bytes);
    if (err == PH_OK)
        err = ph_submission_number(spool, "bytes-max", info->spool_bytes_max);
    if (err == PH_OK)
        return put_object(root, "spool", spool);
    json_decref(spool);
    return err;
}

static int
put_members(json_t *root, const struct ph_workstation_info *info)
{
    int err = ph_submission_number(root, "v", DOCUMENT_VERSION);

    if (err == PH_OK)
        err = ph_submission_time(root, "at", info->at_ms);
    if (err == PH_OK)
        err = ph_submission_text(root, "ws", info->workstation);
    if (err == PH_OK)
        err = ph_submission_text(root, "host", info->host);
    if (err == PH_OK)
        err = put_addresses(root, info);
    if (err == PH_OK)
        err = ph_submission_text(root, "ver", info->version);
    if (err == PH_OK)
        err = put_os(root, info);
    if (err == PH_OK)
        err = ph_submission_text(root, "key-level", info->key_level);
    if (err == PH_OK)
        err = put_spool(root, info);
    if (err == PH_OK)
        err = ph_submission_number(root, "dropped", info->dropped);
    return err;
}

int
ph_workstation_info_put(const struct ph_workstation_info *info,
                        struct ph_buf *buf)
{
    json_t *root = json_object();
    int err;

    if (root == NULL)
        return PH_ERR_NOMEM;
    err = put_members(root, info);
    if (err == PH_OK) {
        ph_buf_clear(buf);
        err = ph_json_put(root, buf);
    }
    json_decref(root);
    return err;
}
