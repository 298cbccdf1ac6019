/* Desktop Notifications Specification 1.2, by sd-bus. */
#include "sink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <systemd/sd-bus.h>

#include "printhold/base/err.h"
#include "printhold/base/log.h"

/* Whoever has it serves this session; there is one bus for each. */
#define OWN_NAME "org.printhold.Notify"
#define SERVER   "org.freedesktop.Notifications"
#define PATH     "/org/freedesktop/Notifications"
/* Of a bus that could not start a service. */
#define SPAWN_ERRORS "org.freedesktop.DBus.Error.Spawn."
#define APP_NAME     "PrintHold"
#define ICON         "printer"
#define DESKTOP      "printhold-notify" /* the name of our .desktop file */
#define WAIT_US      (5 * 1000000)
#define LOW          0
#define NORMAL       1
#define AS_SERVER    (-1) /* goes when the server thinks that it should */

/* Room for a body in which each character is an entity. */
#define ESCAPED_MAX (6 * PH_NOTICE_BODY_MAX)

struct ph_notify_sink {
    sd_bus *bus;
};

int
ph_notify_sink_open(struct ph_notify_sink **out_sink, struct ph_why *why)
{
    struct ph_notify_sink *sink = calloc(1, sizeof(*sink));
    int rc, err = PH_OK;

    if (sink == NULL)
        return PH_ERR_NOMEM;
    rc = sd_bus_open_user(&sink->bus);
    if (rc < 0) {
        err = ph_why_fail(why, PH_ERR_NOT_FOUND, "there is no session bus: %s",
                          strerror(-rc));
        goto out;
    }
    rc = sd_bus_request_name(sink->bus, OWN_NAME, 0);
    if (rc == -EEXIST)
        err = ph_why_fail(why, PH_ERR_EXISTS,
                          "another printhold-notify serves this session");
    else if (rc < 0)
        err = ph_why_fail(why, PH_ERR_NOT_FOUND,
                          "the session bus gives no name: %s", strerror(-rc));
    else
        err = ph_notify_sink_turn(sink);
out:
    if (err == PH_OK)
        *out_sink = sink;
    else
        ph_notify_sink_close(sink);
    return err;
}

void
ph_notify_sink_close(struct ph_notify_sink *sink)
{
    if (sink == NULL)
        return;
    sd_bus_flush_close_unref(sink->bus);
    free(sink);
}

int
ph_notify_sink_fd(struct ph_notify_sink *sink)
{
    return sd_bus_get_fd(sink->bus);
}

int
ph_notify_sink_turn(struct ph_notify_sink *sink)
{
    int rc;

    do
        rc = sd_bus_process(sink->bus, NULL);
    while (rc > 0);
    return rc < 0 ? PH_ERR_CLOSED : PH_OK;
}

/* --- showing --- */

/* Nobody there, and nobody who could be started, is how it is on some desktops. */
static bool
is_absent(const sd_bus_error *error)
{
    return sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) > 0 ||
           sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER) > 0 ||
           (error->name != NULL &&
            strncmp(error->name, SPAWN_ERRORS, strlen(SPAWN_ERRORS)) == 0);
}

static int
fail_call(const sd_bus_error *error, int rc)
{
    if (rc == -ENOTCONN || rc == -ECONNRESET)
        return PH_ERR_CLOSED;
    if (is_absent(error))
        return PH_ERR_NOT_FOUND;
    ph_log_warning("a notice was not shown: %s, continuing",
                   error->message != NULL ? error->message : strerror(-rc));
    return PH_ERR_IO;
}

static int
call(struct ph_notify_sink *sink, sd_bus_message *message,
     sd_bus_message **out_reply)
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    int rc = sd_bus_call(sink->bus, message, WAIT_US, &error, out_reply);
    int err = rc < 0 ? fail_call(&error, rc) : PH_OK;

    sd_bus_error_free(&error);
    return err;
}

/* Asked each time: the server may be another one by now. */
static int
ask_markup(struct ph_notify_sink *sink, bool *out_has_markup)
{
    sd_bus_message *message = NULL, *reply = NULL;
    const char *word;
    bool has_markup = false;
    int err = PH_ERR_NOMEM;

    if (sd_bus_message_new_method_call(sink->bus, &message, SERVER, PATH,
                                       SERVER, "GetCapabilities") >= 0)
        err = call(sink, message, &reply);
    if (err == PH_OK && sd_bus_message_enter_container(reply, 'a', "s") < 0)
        err = PH_ERR_PROTOCOL;
    while (err == PH_OK && sd_bus_message_read(reply, "s", &word) > 0)
        has_markup |= strcmp(word, "body-markup") == 0;
    (void)sd_bus_message_unref(message);
    (void)sd_bus_message_unref(reply);
    if (err == PH_OK)
        *out_has_markup = has_markup;
    return err;
}

static int
fill(sd_bus_message *message, const struct ph_notice *notice, const char *body,
     uint32_t replaces)
{
    int rc = sd_bus_message_append(message, "susss", APP_NAME, replaces, ICON,
                                   notice->summary, body);

    if (rc >= 0)
        rc = sd_bus_message_append(message, "as", 0);
    if (rc >= 0)
        rc = sd_bus_message_append(message, "a{sv}", 2, "urgency", "y",
                                   notice->is_quiet ? LOW : NORMAL,
                                   "desktop-entry", "s", DESKTOP);
    if (rc >= 0)
        rc = sd_bus_message_append(message, "i", AS_SERVER);
    return rc >= 0 ? PH_OK : PH_ERR_NOMEM;
}

static int
notify(struct ph_notify_sink *sink, const struct ph_notice *notice,
       const char *body, uint32_t *id)
{
    sd_bus_message *message = NULL, *reply = NULL;
    int err = PH_ERR_NOMEM;

    if (sd_bus_message_new_method_call(sink->bus, &message, SERVER, PATH,
                                       SERVER, "Notify") >= 0)
        err = fill(message, notice, body, *id);
    if (err == PH_OK)
        err = call(sink, message, &reply);
    if (err == PH_OK && sd_bus_message_read(reply, "u", id) < 0)
        err = PH_ERR_PROTOCOL;
    (void)sd_bus_message_unref(message);
    (void)sd_bus_message_unref(reply);
    return err;
}

int
ph_notify_sink_show(struct ph_notify_sink *sink, const struct ph_notice *notice,
                    uint32_t *id)
{
    char escaped[ESCAPED_MAX];
    bool has_markup = false;
    int err = ask_markup(sink, &has_markup);

    if (err != PH_OK)
        return err;
    if (has_markup)
        ph_notice_escape(notice->body, escaped, sizeof(escaped));
    err = notify(sink, notice, has_markup ? escaped : notice->body, id);
    /* What came while we waited lies in the connection, not in the socket. */
    return err == PH_OK ? ph_notify_sink_turn(sink) : err;
}
