#include "release_session.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "printhold/base/err.h"
#include "printhold/base/wipe.h"

struct session {
    struct ph_release_who who;
    char thumbprint[PH_THUMBPRINT_TEXT];
    int64_t expires_ms;
    int64_t not_after_ms; /* of the certificate */
};

struct ph_release_sessions {
    pthread_mutex_t lock; /* for all of it */
    struct session *at[PH_SESSIONS_MAX];
    size_t count;
};

int
ph_release_sessions_new(struct ph_release_sessions **out_sessions)
{
    struct ph_release_sessions *sessions = calloc(1, sizeof(*sessions));

    if (sessions == NULL)
        return PH_ERR_NOMEM;
    if (pthread_mutex_init(&sessions->lock, NULL) != 0) {
        free(sessions);
        return PH_ERR_NOMEM;
    }
    *out_sessions = sessions;
    return PH_OK;
}

static void
lock(struct ph_release_sessions *sessions)
{
    (void)pthread_mutex_lock(&sessions->lock);
}

static void
unlock(struct ph_release_sessions *sessions)
{
    (void)pthread_mutex_unlock(&sessions->lock);
}

static void
drop(struct ph_release_sessions *sessions, size_t index)
{
    ph_wipe(sessions->at[index], sizeof(*sessions->at[index]));
    free(sessions->at[index]);
    sessions->count--;
    sessions->at[index] = sessions->at[sessions->count];
    sessions->at[sessions->count] = NULL;
}

void
ph_release_sessions_free(struct ph_release_sessions *sessions)
{
    if (sessions == NULL)
        return;
    while (sessions->count > 0)
        drop(sessions, 0);
    (void)pthread_mutex_destroy(&sessions->lock);
    free(sessions);
}

static void
drop_ended(struct ph_release_sessions *sessions, int64_t now_ms)
{
    for (size_t i = sessions->count; i > 0; i--) {
        if (sessions->at[i - 1]->expires_ms <= now_ms)
            drop(sessions, i - 1);
    }
}

/* Make room for one more of this printer. */
static void
drop_oldest_of(struct ph_release_sessions *sessions, const char *thumbprint)
{
    size_t oldest = PH_SESSIONS_MAX, count = 0;

    for (size_t i = 0; i < sessions->count; i++) {
        if (strcmp(sessions->at[i]->thumbprint, thumbprint) != 0)
            continue;
        count++;
        if (oldest == PH_SESSIONS_MAX ||
            sessions->at[i]->expires_ms < sessions->at[oldest]->expires_ms)
            oldest = i;
    }
    if (count >= PH_SESSIONS_PER_PRINTER_MAX)
        drop(sessions, oldest);
}

static void
renew(struct session *session, int64_t now_ms)
{
    session->expires_ms = now_ms + PH_SESSION_LIFE_MS;
    if (session->expires_ms > session->not_after_ms)
        session->expires_ms = session->not_after_ms;
}

static int
session_new(const struct ph_identity *peer, const struct ph_grant *grant,
            const char *login, struct session **out_session)
{
    struct session *session = calloc(1, sizeof(*session));

    if (session == NULL)
        return PH_ERR_NOMEM;
    if (ph_id_make(&session->who.session) != PH_OK) {
        free(session);
        return PH_ERR_CRYPTO;
    }
    memcpy(session->who.login, login, strlen(login) + 1);
    memcpy(session->who.printer, peer->id, sizeof(peer->id));
    session->who.all_jobs = grant->all_jobs;
    session->who.job_count = grant->job_count;
    memcpy(session->who.job, grant->job, sizeof(grant->job));
    session->who.method_count = grant->method_count;
    memcpy(session->who.method, grant->method, sizeof(grant->method));
    ph_release_auth_amr(session->who.method, grant->method_count,
                        session->who.amr);
    memcpy(session->thumbprint, peer->thumbprint, sizeof(peer->thumbprint));
    session->not_after_ms = peer->not_after_ms;
    *out_session = session;
    return PH_OK;
}

/* False when there is no place for it. */
static bool
enlist(struct ph_release_sessions *sessions, struct session *session,
       int64_t now_ms)
{
    bool has_room;

    lock(sessions);
    drop_ended(sessions, now_ms);
    drop_oldest_of(sessions, session->thumbprint);
    has_room = sessions->count < PH_SESSIONS_MAX;
    if (has_room)
        sessions->at[sessions->count++] = session;
    unlock(sessions);
    return has_room;
}

int
ph_release_session_open(struct ph_release_sessions *sessions,
                        const struct ph_identity *peer,
                        const struct ph_grant *grant, const char *login,
                        int64_t now_ms, struct ph_id *out_session,
                        int64_t *out_expires_ms)
{
    struct session *session;
    int err = session_new(peer, grant, login, &session);

    if (err != PH_OK)
        return err;
    renew(session, now_ms);
    *out_session = session->who.session;
    *out_expires_ms = session->expires_ms;
    if (enlist(sessions, session, now_ms))
        return PH_OK;
    ph_wipe(session, sizeof(*session));
    free(session);
    return PH_ERR_LIMIT;
}

/* Looks at every session, so that time tells nothing of the names. */
static struct session *
find(const struct ph_release_sessions *sessions, const struct ph_id *id)
{
    struct session *found = NULL;

    for (size_t i = 0; i < sessions->count; i++) {
        if (CRYPTO_memcmp(sessions->at[i]->who.session.bytes, id->bytes,
                          sizeof(id->bytes)) == 0)
            found = sessions->at[i];
    }
    return found;
}

static int
parse_authorization(const char *text, size_t len, struct ph_id *out_id)
{
    char id[PH_ID_TEXT];

    if (len != 7 + PH_ID_TEXT - 1 || strncasecmp(text, "Bearer ", 7) != 0)
        return PH_ERR_DENIED;
    memcpy(id, text + 7, PH_ID_TEXT - 1);
    id[PH_ID_TEXT - 1] = '\0';
    return ph_id_parse(id, out_id) == PH_OK ? PH_OK : PH_ERR_DENIED;
}

int
ph_release_session_use(struct ph_release_sessions *sessions,
                       const char *authorization, size_t len,
                       const struct ph_identity *peer, int64_t now_ms,
                       struct ph_release_who *out_who)
{
    struct session *session;
    struct ph_id id;
    int err = PH_ERR_DENIED;

    if (parse_authorization(authorization, len, &id) != PH_OK)
        return PH_ERR_DENIED;
    lock(sessions);
    drop_ended(sessions, now_ms);
    session = find(sessions, &id);
    if (session != NULL && CRYPTO_memcmp(session->thumbprint, peer->thumbprint,
                                         PH_THUMBPRINT_TEXT) == 0) {
        renew(session, now_ms);
        *out_who = session->who;
        err = PH_OK;
    }
    unlock(sessions);
    return err;
}

void
ph_release_session_touch(struct ph_release_sessions *sessions,
                         const struct ph_id *id, int64_t now_ms)
{
    struct session *session;

    lock(sessions);
    session = find(sessions, id);
    if (session != NULL && session->expires_ms > now_ms)
        renew(session, now_ms);
    unlock(sessions);
}

void
ph_release_session_close(struct ph_release_sessions *sessions,
                         const struct ph_id *id)
{
    lock(sessions);
    for (size_t i = sessions->count; i > 0; i--) {
        if (ph_id_equal(&sessions->at[i - 1]->who.session, id))
            drop(sessions, i - 1);
    }
    unlock(sessions);
}

void
ph_release_session_drop(struct ph_release_sessions *sessions,
                        bool (*is_denied)(const struct ph_identity *peer,
                                          void *arg),
                        void *arg)
{
    struct ph_identity peer = {.kind = PH_IDENTITY_PRINTER};

    lock(sessions);
    for (size_t i = sessions->count; i > 0; i--) {
        const struct session *session = sessions->at[i - 1];

        memcpy(peer.id, session->who.printer, sizeof(peer.id));
        memcpy(peer.thumbprint, session->thumbprint, sizeof(peer.thumbprint));
        if (is_denied(&peer, arg))
            drop(sessions, i - 1);
    }
    unlock(sessions);
}

bool
ph_release_who_may(const struct ph_release_who *who, const struct ph_id *job)
{
    for (size_t i = 0; i < who->job_count && !who->all_jobs; i++) {
        if (ph_id_equal(&who->job[i], job))
            return true;
    }
    return who->all_jobs;
}
