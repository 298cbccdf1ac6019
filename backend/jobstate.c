#include "jobstate.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cups/cups.h>

#include "printhold/base/attr.h"

#define LIMIT_MS 2000

struct library {
    const char *(*server)(void);
    int (*port)(void);
    http_encryption_t (*encryption)(void);
    http_t *(*connect)(const char *, int, http_addrlist_t *, int,
                       http_encryption_t, int, int, int *);
    void (*set_timeout)(http_t *, double, http_timeout_cb_t, void *);
    void (*close)(http_t *);
    ipp_t *(*new_request)(ipp_op_t);
    ipp_attribute_t *(*add_string)(ipp_t *, ipp_tag_t, ipp_tag_t, const char *,
                                   const char *, const char *);
    ipp_t *(*do_request)(http_t *, ipp_t *, const char *);
    ipp_attribute_t *(*find)(ipp_t *, const char *, ipp_tag_t);
    int (*get_integer)(ipp_attribute_t *, int);
    void (*delete)(ipp_t *);
};

static int
load(struct library *lib)
{
    static const char *const names[] = {
        "libcups.so.2",
        "/usr/lib/libcups.2.dylib",
    };
    const struct {
        const char *name;
        size_t offset;
    } symbols[] = {
        {"cupsServer", offsetof(struct library, server)},
        {"ippPort", offsetof(struct library, port)},
        {"cupsEncryption", offsetof(struct library, encryption)},
        {"httpConnect2", offsetof(struct library, connect)},
        {"httpSetTimeout", offsetof(struct library, set_timeout)},
        {"httpClose", offsetof(struct library, close)},
        {"ippNewRequest", offsetof(struct library, new_request)},
        {"ippAddString", offsetof(struct library, add_string)},
        {"cupsDoRequest", offsetof(struct library, do_request)},
        {"ippFindAttribute", offsetof(struct library, find)},
        {"ippGetInteger", offsetof(struct library, get_integer)},
        {"ippDelete", offsetof(struct library, delete)},
    };
    void *handle = NULL;

    for (size_t i = 0; i < PH_COUNT(names) && handle == NULL; i++)
        handle = dlopen(names[i], RTLD_LAZY | RTLD_LOCAL);
    if (handle == NULL)
        return -1;
    for (size_t i = 0; i < PH_COUNT(symbols); i++) {
        void *symbol = dlsym(handle, symbols[i].name);

        if (symbol == NULL)
            return -1;
        /* ISO C has no cast from object to function pointer; POSIX has. */
        memcpy((char *)lib + symbols[i].offset, &symbol, sizeof(symbol));
    }
    return 0;
}

/* Over the limit: give up. */
static int
on_timeout(http_t *http, void *arg)
{
    (void)http;
    (void)arg;
    return 0;
}

static ipp_t *
make_request(const struct library *lib, int32_t job_id)
{
    ipp_t *request = lib->new_request(IPP_OP_GET_JOB_ATTRIBUTES);
    char uri[64];

    (void)snprintf(uri, sizeof(uri), "ipp://localhost/jobs/%d", (int)job_id);
    (void)lib->add_string(request, IPP_TAG_OPERATION, IPP_TAG_URI, "job-uri",
                          NULL, uri);
    (void)lib->add_string(request, IPP_TAG_OPERATION, IPP_TAG_KEYWORD,
                          "requested-attributes", NULL, "job-state");
    return request;
}

bool
ph_jobstate_is_ended(int32_t job_id)
{
    struct library lib;
    ipp_attribute_t *state;
    http_t *http;
    ipp_t *answer;
    bool is_ended = false;

    if (load(&lib) != 0)
        return false;
    http = lib.connect(lib.server(), lib.port(), NULL, 0 /* AF_UNSPEC */,
                       lib.encryption(), 1, LIMIT_MS, NULL);
    if (http == NULL)
        return false;
    lib.set_timeout(http, LIMIT_MS / 1000.0, on_timeout, NULL);
    answer = lib.do_request(http, make_request(&lib, job_id), "/");
    state = answer == NULL ? NULL : lib.find(answer, "job-state", IPP_TAG_ENUM);
    if (state != NULL)
        is_ended = lib.get_integer(state, 0) >= (int)IPP_JSTATE_STOPPED;
    lib.delete(answer);
    lib.close(http);
    return is_ended;
}
