/* Directory documents, read: a new one is built of what was understood. */
#include "printhold/proto/directory_read.h"

#include <stdbool.h>
#include <string.h>

#include "json_fields.h"
#include "printhold/base/attr.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"

#define DOCUMENT_VERSION 1
#define ADDRESS_MAX      280
#define HOST_MAX         256
#define TEXT_MAX         PH_TICKET_TITLE_MAX
#define PRESENCE_MAX     1024

/* Text that is copied as it is. */
static const char *const job_texts[] = {
    "job-name",
    "job-uuid",
    "document-format",
    "sides",
    "print-color-mode",
    "media",
    "finishings",
    "orientation-requested",
    "print-quality",
    "output-bin",
    "multiple-document-handling",
    "driver",
    "source",
    "submission-ip",
    "job-originating-host-name",
};

static const char *const job_numbers[] = {
    "job-impressions",
    "copies",
    "number-up",
    "size-bytes",
};

static int
wrong(struct ph_why *why, const char *name)
{
    return ph_why_fail(why, PH_ERR_SYNTAX,
                       "the member %s of the document is missing or wrong",
                       name);
}

static int
copy_text(const json_t *from, const char *name, size_t cap, json_t *to)
{
    char text[TEXT_MAX];
    int err = ph_json_text(from, name, text, cap);

    if (err == PH_ERR_NOT_FOUND || (err == PH_OK && text[0] == '\0'))
        return PH_OK;
    if (err != PH_OK)
        return PH_ERR_SYNTAX;
    return json_object_set_new(to, name, json_string(text)) == 0 ? PH_OK
                                                                 : PH_ERR_NOMEM;
}

static int
copy_number(const json_t *from, const char *name, json_t *to)
{
    int64_t value;
    int err = ph_json_int(from, name, 0, PH_JSON_INT_MAX, &value);

    if (err == PH_ERR_NOT_FOUND)
        return PH_OK;
    if (err != PH_OK)
        return PH_ERR_SYNTAX;
    return json_object_set_new(to, name, json_integer(value)) == 0
               ? PH_OK
               : PH_ERR_NOMEM;
}

static int
read_time(const json_t *object, const char *name, int64_t *out_ms)
{
    char text[64];
    int err = ph_json_text(object, name, text, sizeof(text));

    if (err == PH_ERR_NOT_FOUND)
        return err;
    return err == PH_OK && ph_clock_parse(text, out_ms) == PH_OK
               ? PH_OK
               : PH_ERR_SYNTAX;
}

/* Always in the one form, whatever the digits were. */
static int
copy_time(const json_t *from, const char *name, json_t *to, int64_t *out_ms)
{
    char text[PH_TIME_TEXT];
    int64_t ms;
    int err = read_time(from, name, &ms);

    if (err != PH_OK)
        return err;
    ph_clock_format(ms, text);
    *out_ms = ms;
    return json_object_set_new(to, name, json_string(text)) == 0 ? PH_OK
                                                                 : PH_ERR_NOMEM;
}

static int
copy_confidential(const json_t *from, json_t *to)
{
    const json_t *value = json_object_get(from, "confidential");

    if (value == NULL || json_is_false(value))
        return PH_OK;
    if (!json_is_true(value))
        return PH_ERR_SYNTAX;
    /* Who has not signed in well must not read it (cloud-protocol.md). */
    (void)json_object_del(to, "job-name");
    return json_object_set_new(to, "confidential", json_true()) == 0
               ? PH_OK
               : PH_ERR_NOMEM;
}

static int
copy_state(const json_t *from, json_t *to)
{
    char state[16];

    if (ph_json_text(from, "st", state, sizeof(state)) != PH_OK ||
        (strcmp(state, "held") != 0 && strcmp(state, "claimed") != 0))
        return PH_ERR_SYNTAX;
    return json_object_set_new(to, "st", json_string(state)) == 0
               ? PH_OK
               : PH_ERR_NOMEM;
}

static int
copy_id(const json_t *from, json_t *to)
{
    char text[PH_ID_TEXT];
    struct ph_id id;

    if (ph_json_text(from, "id", text, sizeof(text)) != PH_OK ||
        ph_id_parse(text, &id) != PH_OK)
        return PH_ERR_SYNTAX;
    return json_object_set_new(to, "id", json_string(text)) == 0 ? PH_OK
                                                                 : PH_ERR_NOMEM;
}

static const char *
copy_job(const json_t *from, json_t *to, int64_t *out_expires_ms)
{
    int64_t created;
    int err;

    if (!json_is_object(from))
        return "jobs";
    if (copy_id(from, to) != PH_OK)
        return "id";
    if (copy_state(from, to) != PH_OK)
        return "st";
    if (copy_time(from, "exp", to, out_expires_ms) != PH_OK)
        return "exp";
    err = copy_time(from, "date-time-at-creation", to, &created);
    if (err != PH_OK && err != PH_ERR_NOT_FOUND)
        return "date-time-at-creation";
    for (size_t i = 0; i < PH_COUNT(job_texts); i++)
        if (copy_text(from, job_texts[i], TEXT_MAX, to) != PH_OK)
            return job_texts[i];
    for (size_t i = 0; i < PH_COUNT(job_numbers); i++)
        if (copy_number(from, job_numbers[i], to) != PH_OK)
            return job_numbers[i];
    return copy_confidential(from, to) == PH_OK ? NULL : "confidential";
}

static const char *
copy_jobs(const json_t *from, json_t *to, struct ph_directory_head *head)
{
    const json_t *jobs = json_object_get(from, "jobs");
    const char *name = NULL;
    json_t *list;

    if (!json_is_array(jobs) || json_array_size(jobs) > PH_DIRECTORY_JOBS_MAX)
        return "jobs";
    list = json_array();
    if (json_object_set_new(to, "jobs", list) != 0)
        return "jobs";
    head->job_count = json_array_size(jobs);
    for (size_t i = 0; i < head->job_count && name == NULL; i++) {
        json_t *job = json_object();
        int64_t expires_ms = 0;

        name = copy_job(json_array_get(jobs, i), job, &expires_ms);
        if (expires_ms > head->expires_ms)
            head->expires_ms = expires_ms;
        if (json_array_append_new(list, job) != 0)
            name = "jobs";
    }
    return name;
}

/* Does it hold for every byte of an address, "192.0.2.7:9443" or
 * "[2001:db8::7]:9443"? Whether it leads anywhere shows the connection. */
static bool
is_address(const char *text)
{
    return text[0] != '\0' &&
           text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
                             "WXYZ0123456789.:-[]")] == '\0';
}

static bool
is_pin(const char *text)
{
    static const char scheme[] = "sha256-";
    const size_t len = sizeof(scheme) - 1;

    return strncmp(text, scheme, len) == 0 &&
           strlen(text) == len + PH_THUMBPRINT_TEXT - 1 &&
           text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
                             "WXYZ0123456789-_")] == '\0';
}

static int
copy_list(const json_t *from, const char *name, bool (*is_fit)(const char *),
          json_t *to)
{
    const json_t *list = json_object_get(from, name);
    json_t *copy;

    if (list == NULL)
        return PH_OK;
    if (!json_is_array(list) ||
        json_array_size(list) > PH_DIRECTORY_ADDRESSES_MAX)
        return PH_ERR_SYNTAX;
    copy = json_array();
    if (json_object_set_new(to, name, copy) != 0)
        return PH_ERR_NOMEM;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));

        if (text == NULL || strlen(text) >= ADDRESS_MAX || !is_fit(text))
            return PH_ERR_SYNTAX;
        if (json_array_append_new(copy, json_string(text)) != 0)
            return PH_ERR_NOMEM;
    }
    return PH_OK;
}

static int
copy_workstation(const json_t *from, json_t *to, struct ph_directory_head *head)
{
    char *id = head->workstation;

    if (ph_json_text(from, "ws", id, sizeof(head->workstation)) != PH_OK ||
        id[0] == '\0' ||
        id[strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0')
        return PH_ERR_SYNTAX;
    return copy_text(from, "ws", sizeof(head->workstation), to);
}

static int
read_login(const json_t *from, struct ph_directory_head *head)
{
    char login[PH_LOGIN_MAX];
    int err = ph_json_text(from, "usr", login, sizeof(login));

    if (err != PH_OK || ph_login_normalise(login, head->login) != PH_OK)
        return PH_ERR_SYNTAX;
    return PH_OK;
}

static const char *
copy_document(const json_t *from, json_t *to, struct ph_directory_head *head)
{
    int64_t rev, more = 0;

    if (ph_json_int(from, "rev", 0, PH_JSON_INT_MAX, &rev) != PH_OK ||
        copy_number(from, "rev", to) != PH_OK)
        return "rev";
    head->rev = (uint64_t)rev;
    if (copy_time(from, "at", to, &head->at_ms) != PH_OK)
        return "at";
    if (copy_workstation(from, to, head) != PH_OK)
        return "ws";
    if (read_login(from, head) != PH_OK)
        return "usr";
    if (copy_text(from, "host", HOST_MAX, to) != PH_OK)
        return "host";
    if (copy_list(from, "addr", is_address, to) != PH_OK)
        return "addr";
    if (copy_list(from, "fp", is_pin, to) != PH_OK)
        return "fp";
    if (ph_json_int(from, "more", 0, PH_JSON_INT_MAX, &more) != PH_OK)
        return "more";
    return copy_jobs(from, to, head);
}

/* What is behind the list of jobs stands there too. */
static const char *
copy_all(const json_t *from, json_t *to, struct ph_directory_head *head)
{
    const char *name = copy_document(from, to, head);

    if (name == NULL && copy_number(from, "more", to) != PH_OK)
        name = "more";
    return name;
}

static int
check_version(const json_t *root, struct ph_why *why)
{
    int64_t version;

    if (ph_json_int(root, "v", 0, PH_JSON_INT_MAX, &version) != PH_OK)
        return wrong(why, "v");
    if (version != DOCUMENT_VERSION)
        return ph_why_fail(why, PH_ERR_UNSUPPORTED,
                           "the document is of another version");
    return PH_OK;
}

static int
parse(const void *text, size_t len, size_t max, json_t **out_root,
      struct ph_why *why)
{
    json_t *root = NULL;
    int err = ph_json_parse(text, len, max, &root);

    if (err != PH_OK)
        return ph_why_fail(why, err, "the document is not proper JSON");
    err = check_version(root, why);
    if (err == PH_OK)
        *out_root = root;
    else
        json_decref(root);
    return err;
}

int
ph_directory_read(const void *text, size_t len,
                  struct ph_directory_head *out_head, struct ph_buf *out_clean,
                  struct ph_why *why)
{
    struct ph_directory_head head = {.rev = 0};
    json_t *root = NULL, *clean = NULL;
    const char *name;
    int err;

    ph_buf_clear(out_clean);
    err = parse(text, len, PH_DIRECTORY_BYTES_MAX, &root, why);
    if (err != PH_OK)
        return err;
    clean = json_object();
    name = copy_all(root, clean, &head);
    err = name != NULL ? wrong(why, name) : ph_json_put(clean, out_clean);
    if (err == PH_OK)
        *out_head = head;
    json_decref(clean);
    json_decref(root);
    return err;
}

int
ph_directory_drop_expired(json_t *document, int64_t now_ms, size_t *out_left)
{
    json_t *jobs = json_object_get(document, "jobs");
    size_t i = 0;

    if (!json_is_array(jobs))
        return PH_ERR_SYNTAX;
    while (i < json_array_size(jobs)) {
        int64_t expires_ms = 0;

        if (read_time(json_array_get(jobs, i), "exp", &expires_ms) != PH_OK)
            return PH_ERR_SYNTAX;
        if (expires_ms > now_ms)
            i++;
        else if (json_array_remove(jobs, i) != 0)
            return PH_ERR_INTERNAL;
    }
    *out_left = i;
    return PH_OK;
}

static const char *
take_presence(const json_t *root, struct ph_presence_said *said)
{
    const json_t *on = json_object_get(root, "on");
    const json_t *asleep = json_object_get(root, "asleep");
    int err;

    if (!json_is_boolean(on))
        return "on";
    if (asleep != NULL && !json_is_boolean(asleep))
        return "asleep";
    if (json_is_true(on))
        said->presence = PH_PRESENCE_ON;
    else
        said->presence =
            json_is_true(asleep) ? PH_PRESENCE_ASLEEP : PH_PRESENCE_OFF;
    err = read_time(root, "at", &said->at_ms);
    if (err != PH_OK && err != PH_ERR_NOT_FOUND)
        return "at";
    err = ph_json_text(root, "ver", said->version, sizeof(said->version));
    return err == PH_OK || err == PH_ERR_NOT_FOUND ? NULL : "ver";
}

int
ph_presence_read(const void *text, size_t len,
                 struct ph_presence_said *out_said, struct ph_why *why)
{
    struct ph_presence_said said = {.at_ms = 0};
    json_t *root = NULL;
    const char *name;
    int err = parse(text, len, PRESENCE_MAX, &root, why);

    if (err != PH_OK)
        return err;
    name = take_presence(root, &said);
    json_decref(root);
    if (name != NULL)
        return wrong(why, name);
    *out_said = said;
    return PH_OK;
}

const char *
ph_presence_name(enum ph_presence presence)
{
    switch (presence) {
    case PH_PRESENCE_ON:
        return "on";
    case PH_PRESENCE_ASLEEP:
        return "asleep";
    default:
        return "off";
    }
}
