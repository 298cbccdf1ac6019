/*
 * The directory as the broker tells it: the newest document of each person and
 * workstation, and the presence of workstations. What it says is what some
 * workstation says; whether that is believed is decided where it is read, by
 * the bindings. Between hub_store_begin and hub_store_end.
 */
#ifndef PRINTHOLD_HUB_STORE_DIRECTORY_H
#define PRINTHOLD_HUB_STORE_DIRECTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/proto/directory.h"
#include "printhold/proto/directory_read.h"
#include "store.h"

struct hub_document {
    const char *uk;
    const char *device;
    uint64_t rev;
    int64_t expires_ms; /* of its last job */
    int64_t heard_ms;
    const char *text; /* as ph_directory_read cleaned it */
};

/* Keep it, unless one of a higher revision is there whose time is not over:
 * PH_ERR_EXISTS then. */
int hub_document_set(struct hub_store *store,
                     const struct hub_document *document);
/* The workstation holds nothing of this person any more. */
int hub_document_remove(struct hub_store *store, const char *uk,
                        const char *device);
int hub_documents_forget(struct hub_store *store, int64_t before_ms);
/* Those last heard of before: the broker has forgotten them. */
int hub_documents_forget_unheard(struct hub_store *store, int64_t before_ms);

int hub_presence_set(struct hub_store *store, const char *device,
                     const struct ph_presence_said *said, int64_t now_ms);
int hub_presence_remove(struct hub_store *store, const char *device);

/* One workstation that a person is bound to. */
struct hub_holding {
    char device[HUB_ID_MAX];
    char name[HUB_NAME_MAX];
    bool is_heard; /* the presence below was told some time */
    enum ph_presence presence;
    int64_t presence_ms; /* since when; 0: nobody knows */
    const char *text;    /* clean document, or NULL: it holds nothing */
};

/*
 * The workstations that are believed about this person, those with documents
 * that are not over at now first, at most max of them: bound to it, known, not
 * revoked. uk is that of the person. Each is called until it returns an error,
 * which is then the result.
 */
typedef int (*hub_holding_cb)(const struct hub_holding *holding, void *arg);
int hub_holding_each(struct hub_store *store, const char *login, const char *uk,
                     int64_t now_ms, size_t max, hub_holding_cb each,
                     void *arg);

/* How many documents and jobs' workstations there are, for status. */
int hub_directory_count(struct hub_store *store, int64_t *out_documents);

#endif
