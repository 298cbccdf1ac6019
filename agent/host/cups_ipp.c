#include "cups_ipp.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "printhold/base/attr.h"
#include "printhold/base/cursor.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/parse.h"

#define REQUEST_MAX 4096
#define READ_BYTES  4096
#define WAIT_S      5

/* RFC 8010 section 3.5: tags. */
#define TAG_OPERATION          0x01
#define TAG_JOB                0x02
#define TAG_END                0x03
#define TAG_PRINTER            0x04
#define TAG_LAST_OF_DELIMITERS 0x0f
#define TAG_INTEGER            0x21
#define TAG_BOOLEAN            0x22
#define TAG_ENUM               0x23
#define TAG_TEXT               0x41
#define TAG_NAME               0x42
#define TAG_KEYWORD            0x44
#define TAG_URI                0x45
#define TAG_CHARSET            0x47
#define TAG_LANGUAGE           0x48

/* --- request --- */

static int
put_attribute(struct ph_buf *buf, uint8_t tag, const char *name,
              const void *value, size_t len)
{
    int err = ph_buf_put_u8(buf, tag);

    if (err == PH_OK)
        err = ph_buf_put_u16(buf, (uint16_t)strlen(name));
    if (err == PH_OK)
        err = ph_buf_put_str(buf, name);
    if (err == PH_OK)
        err = ph_buf_put_u16(buf, (uint16_t)len);
    return err == PH_OK ? ph_buf_put(buf, value, len) : err;
}

static int
put_text(struct ph_buf *buf, uint8_t tag, const char *name, const char *text)
{
    return put_attribute(buf, tag, name, text, strlen(text));
}

static int
put_head(struct ph_buf *buf, enum ph_ipp_operation operation)
{
    int err = ph_buf_put_u16(buf, 0x0200); /* IPP/2.0 */

    if (err == PH_OK)
        err = ph_buf_put_u16(buf, (uint16_t)operation);
    if (err == PH_OK)
        err = ph_buf_put_u32(buf, 1); /* request-id */
    if (err == PH_OK)
        err = ph_buf_put_u8(buf, TAG_OPERATION);
    if (err == PH_OK)
        err = put_text(buf, TAG_CHARSET, "attributes-charset", "utf-8");
    if (err == PH_OK)
        err = put_text(buf, TAG_LANGUAGE, "attributes-natural-language", "en");
    return err;
}

/* The values of requested-attributes, up to NULL. */
static int
put_wanted(struct ph_buf *buf, const char *const wanted[])
{
    int err = PH_OK;

    /* no name: one more value of the same */
    for (size_t i = 0; err == PH_OK && wanted[i] != NULL; i++)
        err = put_text(buf, TAG_KEYWORD, i == 0 ? "requested-attributes" : "",
                       wanted[i]);
    return err;
}

static int
put_target(struct ph_buf *buf, const struct ph_ipp_request *request)
{
    char uri[64];

    if (request->operation == PH_IPP_GET_JOBS)
        return put_text(buf, TAG_URI, "printer-uri", request->queue_uri);
    if (request->operation == PH_IPP_GET_PRINTERS)
        return PH_OK;
    (void)snprintf(uri, sizeof(uri), "ipp://localhost/jobs/%ld",
                   (long)request->job);
    return put_text(buf, TAG_URI, "job-uri", uri);
}

static int
put_details(struct ph_buf *buf, enum ph_ipp_operation operation)
{
    static const char *const of_job[] = {"job-state", "job-uuid", NULL};
    static const char *const of_jobs[] = {"job-id", "job-state",
                                          "job-hold-until",
                                          "job-printer-state-message", NULL};
    static const char *const of_queues[] = {"printer-uri-supported",
                                            "device-uri", NULL};
    static const uint8_t yes = 1;
    static const uint8_t most[] = {0, 0, PH_IPP_JOBS_MAX >> 8,
                                   PH_IPP_JOBS_MAX & 0xff};
    int err;

    switch (operation) {
    case PH_IPP_CANCEL_JOB:
        return put_attribute(buf, TAG_BOOLEAN, "purge-job", &yes, 1);
    case PH_IPP_GET_JOB_ATTRIBUTES:
        return put_wanted(buf, of_job);
    case PH_IPP_GET_JOBS:
        err = put_attribute(buf, TAG_INTEGER, "limit", most, sizeof(most));
        return err == PH_OK ? put_wanted(buf, of_jobs) : err;
    case PH_IPP_GET_PRINTERS:
        return put_wanted(buf, of_queues);
    case PH_IPP_RELEASE_JOB:
        break;
    }
    return PH_OK;
}

static int
put_message(struct ph_buf *buf, const struct ph_ipp_request *request,
            const char *user)
{
    int err = put_head(buf, request->operation);

    if (err == PH_OK)
        err = put_target(buf, request);
    if (err == PH_OK)
        err = put_text(buf, TAG_NAME, "requesting-user-name", user);
    if (err == PH_OK)
        err = put_details(buf, request->operation);
    return err == PH_OK ? ph_buf_put_u8(buf, TAG_END) : err;
}

int
ph_ipp_request_put(const struct ph_ipp_request *request, const char *user,
                   struct ph_buf *buf)
{
    struct ph_buf message;
    int err;

    ph_buf_init(&message, REQUEST_MAX);
    ph_buf_clear(buf);
    err = put_message(&message, request, user);
    if (err == PH_OK)
        err = ph_buf_printf(buf,
                            "POST /jobs/ HTTP/1.1\r\nHost: localhost\r\n"
                            "Connection: close\r\n"
                            "Authorization: PeerCred %s\r\n"
                            "Content-Type: application/ipp\r\n"
                            "Content-Length: %zu\r\n\r\n",
                            user, message.len);
    if (err == PH_OK)
        err = ph_buf_put(buf, message.data, message.len);
    ph_buf_close(&message);
    return err;
}

/* --- answer --- */

/* All attributes that are looked at; the first of several values counts. */
static const struct {
    const char *name;
    size_t offset, cap; /* cap 0: a number */
    uint8_t tag;
    bool may_cut;
    int32_t max; /* of a number */
} fields[] = {
#define NUMBER(name, tag, member, max)                                   \
    {                                                                    \
        name, offsetof(struct ph_ipp_record, member), 0, tag, false, max \
    }
#define TEXT(name, tag, member, may_cut)                                    \
    {                                                                       \
        name, offsetof(struct ph_ipp_record, member),                       \
            sizeof(((struct ph_ipp_record *)NULL)->member), tag, may_cut, 0 \
    }
    NUMBER("job-id", TAG_INTEGER, job_id, INT32_MAX),
    NUMBER("job-state", TAG_ENUM, job_state, 9),
    TEXT("job-uuid", TAG_URI, job_uuid, false),
    TEXT("job-hold-until", TAG_KEYWORD, job_hold_until, false),
    TEXT("job-printer-state-message", TAG_TEXT, job_message, true),
    TEXT("printer-uri-supported", TAG_URI, queue_uri, false),
    TEXT("device-uri", TAG_URI, device_uri, false),
};

static void
take_number(int32_t *number, int32_t max, const uint8_t *value, size_t len)
{
    struct ph_cursor cur;
    uint32_t taken;

    ph_cursor_init(&cur, value, len);
    if (len == 4 && ph_cursor_u32(&cur, &taken) == PH_OK &&
        taken <= (uint32_t)max)
        *number = (int32_t)taken;
}

static void
take_text(char *text, size_t cap, bool may_cut, const uint8_t *value,
          size_t len)
{
    if (len >= cap && may_cut)
        len = cap - 1;
    if (len >= cap || memchr(value, '\0', len) != NULL)
        return;
    memcpy(text, value, len);
    text[len] = '\0';
}

static void
take_value(struct ph_ipp_record *record, uint8_t tag, const uint8_t *name,
           size_t name_len, const uint8_t *value, size_t len)
{
    for (size_t i = 0; i < PH_COUNT(fields); i++) {
        char *member = (char *)record + fields[i].offset;

        if (tag != fields[i].tag || name_len != strlen(fields[i].name) ||
            memcmp(name, fields[i].name, name_len) != 0)
            continue;
        if (fields[i].cap == 0)
            take_number((int32_t *)(void *)member, fields[i].max, value, len);
        else
            take_text(member, fields[i].cap, fields[i].may_cut, value, len);
    }
}

static int
take_attribute(struct ph_cursor *cur, uint8_t tag, struct ph_ipp_record *record)
{
    const uint8_t *name, *value;
    uint16_t name_len, len;

    if (ph_cursor_u16(cur, &name_len) != PH_OK ||
        ph_cursor_bytes(cur, name_len, &name) != PH_OK ||
        ph_cursor_u16(cur, &len) != PH_OK ||
        ph_cursor_bytes(cur, len, &value) != PH_OK)
        return PH_ERR_TRUNCATED;
    take_value(record, tag, name, name_len, value, len);
    return PH_OK;
}

/* The groups up to the end; each group of a job or queue goes to each. */
static int
take_groups(struct ph_cursor *cur, ph_ipp_each_cb each, void *arg)
{
    struct ph_ipp_record record = {0};
    uint8_t group = 0, tag;

    for (;;) {
        if (ph_cursor_u8(cur, &tag) != PH_OK)
            return PH_ERR_TRUNCATED;
        if (tag > TAG_LAST_OF_DELIMITERS) {
            if (take_attribute(cur, tag, &record) != PH_OK)
                return PH_ERR_TRUNCATED;
            continue;
        }
        if (each != NULL && (group == TAG_JOB || group == TAG_PRINTER))
            each(&record, arg);
        if (tag == TAG_END)
            return PH_OK;
        record = (struct ph_ipp_record){0};
        group = tag;
    }
}

int
ph_ipp_answer_parse(const void *bytes, size_t len, ph_ipp_each_cb each,
                    void *arg, uint16_t *out_status)
{
    struct ph_cursor cur, start;
    uint16_t version, status;
    uint32_t request;
    int err;

    ph_cursor_init(&cur, bytes, len);
    if (ph_cursor_u16(&cur, &version) != PH_OK ||
        ph_cursor_u16(&cur, &status) != PH_OK ||
        ph_cursor_u32(&cur, &request) != PH_OK)
        return PH_ERR_TRUNCATED;
    if (version >> 8 < 1 || version >> 8 > 2 || request != 1)
        return PH_ERR_SYNTAX;
    start = cur;
    err = take_groups(&cur, NULL, NULL); /* all of it is good, or nothing is */
    if (err == PH_OK && each != NULL)
        err = take_groups(&start, each, arg);
    if (err == PH_OK)
        *out_status = status;
    return err;
}

/* The value of Content-Length; cupsd always sends one for IPP. */
static int
content_length(const char *head, size_t len, uint64_t *out_length)
{
    static const char name[] = "\r\nContent-Length:";
    const size_t name_len = sizeof(name) - 1;
    size_t end;

    for (size_t i = 0; i + name_len < len; i++) {
        if (strncasecmp(head + i, name, name_len) != 0)
            continue;
        i += name_len;
        while (i < len && head[i] == ' ')
            i++;
        for (end = i; end < len && head[end] != '\r';)
            end++;
        return ph_parse_u64_n(head + i, end - i, 0, PH_IPP_ANSWER_MAX,
                              out_length);
    }
    return PH_ERR_SYNTAX;
}

/* Where the head ends: after the empty line. 0 when it is not there yet. */
static size_t
head_length(const char *text, size_t len)
{
    for (size_t i = 0; i + 4 <= len; i++)
        if (memcmp(text + i, "\r\n\r\n", 4) == 0)
            return i + 4;
    return 0;
}

int
ph_ipp_http_parse(const void *bytes, size_t len, ph_ipp_each_cb each, void *arg,
                  uint16_t *out_status)
{
    static const char start[] = "HTTP/1.1 ";
    const char *text = bytes;
    const size_t head = head_length(text, len);
    uint64_t body;
    int err;

    if (head == 0)
        return PH_ERR_TRUNCATED;
    if (head < sizeof(start) + 3 || memcmp(text, start, sizeof(start) - 1) != 0)
        return PH_ERR_SYNTAX;
    text += sizeof(start) - 1;
    if (memcmp(text, "401", 3) == 0 || memcmp(text, "403", 3) == 0) {
        *out_status = PH_IPP_HTTP_REFUSED;
        return PH_OK;
    }
    if (memcmp(text, "200", 3) != 0)
        return PH_ERR_SYNTAX;
    err = content_length(bytes, head, &body);
    if (err != PH_OK)
        return PH_ERR_SYNTAX;
    if (len - head < body)
        return PH_ERR_TRUNCATED;
    return ph_ipp_answer_parse((const char *)bytes + head, (size_t)body, each,
                               arg, out_status);
}

/* --- to cupsd and back --- */

static int
connect_to(const char *path, int *out_fd)
{
    static const struct timeval wait = {.tv_sec = WAIT_S};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd, err;

    if (strlen(path) >= sizeof(address.sun_path))
        return PH_ERR_TOO_BIG;
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0)
        return ph_err_from_errno(errno);
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) != 0 ||
        connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        err = ph_err_from_errno(errno);
        ph_io_close(&fd);
        return err;
    }
    *out_fd = fd;
    return PH_OK;
}

/* Read until the answer is whole. */
static int
read_answer(int fd, ph_ipp_each_cb each, void *arg, uint16_t *out_status)
{
    struct ph_buf buf;
    uint8_t *room;
    ssize_t got;
    int err = PH_ERR_TRUNCATED;

    ph_buf_init(&buf, PH_IPP_ANSWER_MAX);
    while (err == PH_ERR_TRUNCATED) {
        room = ph_buf_reserve(&buf, READ_BYTES);
        if (room == NULL) {
            err = PH_ERR_TOO_BIG;
            break;
        }
        got = read(fd, room, READ_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            err = got == 0 ? PH_ERR_TRUNCATED : ph_err_from_errno(errno);
            break;
        }
        ph_buf_advance(&buf, (size_t)got);
        err = ph_ipp_http_parse(buf.data, buf.len, each, arg, out_status);
    }
    ph_buf_close(&buf);
    return err;
}

/* cupsd compares this name's uid with the peer's. */
static int
own_name(char *dst, size_t cap)
{
    struct passwd entry, *found = NULL;
    char bytes[4096];

    if (getpwuid_r(geteuid(), &entry, bytes, sizeof(bytes), &found) != 0 ||
        found == NULL || strlen(entry.pw_name) >= cap)
        return PH_ERR_NOT_FOUND;
    (void)snprintf(dst, cap, "%s", entry.pw_name);
    return PH_OK;
}

int
ph_cups_ipp_do(const char *socket_path, const struct ph_ipp_request *request,
               ph_ipp_each_cb each, void *arg, uint16_t *out_status,
               struct ph_why *why)
{
    struct ph_buf bytes;
    char user[256];
    int fd = -1;
    int err = own_name(user, sizeof(user));

    ph_buf_init(&bytes, REQUEST_MAX);
    if (err == PH_OK)
        err = ph_ipp_request_put(request, user, &bytes);
    if (err == PH_OK)
        err = connect_to(socket_path, &fd);
    if (err == PH_OK)
        err = ph_io_write_full(fd, bytes.data, bytes.len);
    if (err == PH_OK)
        err = read_answer(fd, each, arg, out_status);
    if (err != PH_OK)
        (void)ph_why_fail(why, err, "cannot ask CUPS at %s: %s", socket_path,
                          ph_err_text(err));
    ph_io_close(&fd);
    ph_buf_close(&bytes);
    return err;
}
