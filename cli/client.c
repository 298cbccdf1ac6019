#include "client.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/model/config.h"

#define PATIENCE_S 60

#ifdef __APPLE__
#define START_COMMAND "sudo launchctl kickstart system/org.printhold.agent"
#else
#define START_COMMAND "systemctl start printhold-agent"
#endif

static int
fail_connect(const char *path, int errnum, struct ph_why *why)
{
    if (errnum == EACCES || errnum == EPERM)
        return ph_why_fail(why, PH_ERR_DENIED,
                           "you may not use the hold service (%s: %s)", path,
                           strerror(errnum));
    return ph_why_fail(why, PH_ERR_CLOSED,
                       "the hold service is not running on this computer "
                       "(%s: %s); start it with '%s'",
                       path, strerror(errnum), START_COMMAND);
}

static int
connect_to(const char *path, int *out_fd, struct ph_why *why)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd, err = PH_OK;

    if (strlen(path) >= sizeof(address.sun_path))
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "%s: too long for the name of a socket", path);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0)
        return ph_why_fail(why, ph_err_from_errno(errno),
                           "cannot make a socket: %s", strerror(errno));
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
#ifdef SO_NOSIGPIPE /* where send has no flag for it */
    (void)setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &(int){1}, sizeof(int));
#endif
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        err = fail_connect(path, errno, why);
    if (err != PH_OK) {
        ph_io_close(&fd);
        return err;
    }
    *out_fd = fd;
    return PH_OK;
}

int
ph_client_open(struct ph_client *client, struct ph_why *why)
{
    struct ph_config config;
    int fd = -1, err = ph_config_load(NULL, &config, why);

    /* Whatever is wrong with the files is a failure of ours to work, not a
     * job that is missing or a person that may not. */
    if (err != PH_OK)
        return PH_ERR_CONFIG;
    err = connect_to(config.control_socket, &fd, why);
    if (err != PH_OK)
        return err;
    client->fd = fd;
    ph_buf_init(&client->buf, PH_FRAME_MAX + PH_FRAME_HEAD);
    return PH_OK;
}

void
ph_client_close(struct ph_client *client)
{
    ph_io_close(&client->fd);
    ph_buf_close(&client->buf);
}

static int
fail_talk(int err, struct ph_why *why)
{
    if (err == PH_ERR_TIMEOUT)
        return ph_why_fail(why, err,
                           "the hold service did not answer within %d seconds; "
                           "try again, or look into its log",
                           PATIENCE_S);
    if (err == PH_ERR_CLOSED || err == PH_ERR_TRUNCATED)
        return ph_why_fail(why, err,
                           "the hold service closed the connection without an "
                           "answer; it may be busy or stopping: try again");
    return ph_why_fail(why, err,
                       "the answer of the hold service was not understood (%s)",
                       ph_err_text(err));
}

static int
take_reply(const struct ph_frame *frame, struct ph_why *why)
{
    struct ph_control_reply reply;
    int err = ph_control_reply_parse(frame->body, frame->len, &reply);

    if (err != PH_OK)
        return fail_talk(PH_ERR_PROTOCOL, why);
    if (reply.err != PH_OK)
        ph_why_set(why, "%s", reply.text.text);
    return reply.err;
}

int
ph_client_send(struct ph_client *client,
               const struct ph_control_request *request, struct ph_why *why)
{
    int err = ph_control_request_put(request, &client->buf);

    if (err == PH_OK)
        err = ph_frame_send(client->fd, PH_CONTROL_REQUEST, client->buf.data,
                            client->buf.len);
    return err == PH_OK ? PH_OK : fail_talk(err, why);
}

int
ph_client_take(struct ph_client *client, struct ph_frame *out_frame,
               struct ph_why *why)
{
    int err = ph_frame_recv(client->fd, PH_FRAME_MAX, &client->buf, out_frame);

    if (err == PH_OK && out_frame->type == PH_CONTROL_REPLY)
        return take_reply(out_frame, why);
    if (err == PH_OK && out_frame->type != PH_CONTROL_ITEM)
        err = PH_ERR_PROTOCOL;
    return err == PH_OK ? PH_OK : fail_talk(err, why);
}

int
ph_client_ask(struct ph_client *client,
              const struct ph_control_request *request,
              ph_client_item_cb on_item, void *arg, struct ph_why *why)
{
    struct ph_frame frame;
    int err = ph_client_send(client, request, why);

    while (err == PH_OK) {
        err = ph_client_take(client, &frame, why);
        if (err != PH_OK || frame.type == PH_CONTROL_REPLY)
            return err;
        err = on_item(frame.body, frame.len, arg);
        if (err != PH_OK)
            return fail_talk(err, why);
    }
    return err;
}

int
ph_client_name_job(struct ph_control_request *request, const char *typed,
                   struct ph_why *why)
{
    char name[PH_ID_TEXT];
    size_t len = strlen(typed);

    if (len < sizeof(name)) {
        for (size_t i = 0; i <= len; i++)
            name[i] = (char)tolower((unsigned char)typed[i]);
        if (ph_control_is_job_name(name)) {
            memcpy(request->job, name, len + 1);
            return PH_OK;
        }
    }
    return ph_why_fail(why, PH_ERR_INVALID,
                       "%.40s is not the id of a job: give at least %d of its "
                       "digits, as 'printhold jobs' shows them",
                       typed, PH_CONTROL_PREFIX_MIN);
}
