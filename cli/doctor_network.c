/* The road to the broker, and the one of printers to us. */
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/net/proxy.h"
#include "printhold/net/ws_url.h"

#define CONNECT_MS 2000

/* The first broker, and the proxy on the way to it; host empty: none. */
static int
read_road(const struct ph_doctor *doctor, struct ph_ws_url *url,
          struct ph_proxy *proxy, struct ph_why *why)
{
    char first[PH_CONFIG_TEXT_MAX];
    int err;

    (void)snprintf(first, sizeof(first), "%s",
                   doctor->config.cloud_url +
                       strspn(doctor->config.cloud_url, " "));
    first[strcspn(first, " ")] = '\0';
    err = ph_ws_url_parse(first, url, why);
    if (err == PH_OK)
        err = ph_proxy_parse(doctor->config.cloud_proxy, proxy, why);
    if (err == PH_OK &&
        ph_no_proxy_matches(doctor->config.cloud_no_proxy, url->host))
        proxy->host[0] = '\0';
    return err;
}

void
ph_doctor_proxy(const struct ph_doctor *doctor,
                struct ph_doctor_finding *finding)
{
    const char *secret = doctor->config.cloud_proxy_credentials_file;
    char path[PH_DOCTOR_PATH_MAX];
    struct ph_proxy proxy;
    struct ph_ws_url url;
    struct ph_why why;
    struct stat st;

    if (doctor->config.cloud_url[0] == '\0')
        return;
    if (read_road(doctor, &url, &proxy, &why) != PH_OK) {
        ph_doctor_problem(finding, "%s", why.text);
        ph_doctor_remedy(finding, "correct cloud.url and cloud.proxy");
        return;
    }
    if (proxy.host[0] == '\0')
        ph_doctor_ok(finding, "none");
    else
        ph_doctor_ok(finding, "%s, port %u", proxy.host, (unsigned)proxy.port);
    if (proxy.host[0] == '\0' || secret[0] == '\0')
        return;
    ph_doctor_path(doctor, secret, path);
    if (stat(path, &st) == 0 && (st.st_mode & 077) == 0)
        return;
    ph_doctor_problem(finding,
                      "the password's file %s is not there, or others "
                      "may read it",
                      path);
    ph_doctor_remedy(finding, "chown %s %s; chmod 0600 %s",
                     doctor->config.agent_user, path, path);
}

void
ph_doctor_dns(const struct ph_doctor *doctor, struct ph_doctor_finding *finding)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    struct ph_proxy proxy;
    struct ph_ws_url url;
    const char *host;
    int rc;

    if (doctor->config.cloud_url[0] == '\0' ||
        read_road(doctor, &url, &proxy, NULL) != PH_OK)
        return;
    host = proxy.host[0] != '\0' ? proxy.host : url.host;
    rc = getaddrinfo(host, NULL, &hints, &list);
    if (rc == 0) {
        ph_doctor_ok(finding, "%s has an address", host);
        freeaddrinfo(list);
        return;
    }
    ph_doctor_problem(finding, "%s: %s", host, gai_strerror(rc));
    ph_doctor_remedy(finding,
                     "look at the name in %s, and at "
                     "/etc/resolv.conf",
                     proxy.host[0] != '\0' ? "cloud.proxy" : "cloud.url");
}

/* PH_OK when somebody accepts there. */
static int
reach(const struct addrinfo *to)
{
    struct pollfd end = {.events = POLLOUT};
    socklen_t len = sizeof(int);
    int errnum = 0;

    end.fd = socket(to->ai_family, to->ai_socktype, to->ai_protocol);
    if (end.fd < 0)
        return ph_err_from_errno(errno);
    (void)fcntl(end.fd, F_SETFD, FD_CLOEXEC);
    (void)fcntl(end.fd, F_SETFL, O_NONBLOCK);
    if (connect(end.fd, to->ai_addr, to->ai_addrlen) != 0)
        errnum = errno;
    if (errnum == EINPROGRESS) {
        if (poll(&end, 1, CONNECT_MS) != 1 ||
            getsockopt(end.fd, SOL_SOCKET, SO_ERROR, &errnum, &len) != 0)
            errnum = ETIMEDOUT;
    }
    ph_io_close(&end.fd);
    return errnum == 0 ? PH_OK : ph_err_from_errno(errnum);
}

/* "192.0.2.1:9443", "[2001:db8::1]:9443" */
static int
reach_text(const char *address)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    char host[PH_WS_HOST_MAX];
    const char *rest = ph_net_take_host(address, host, sizeof(host));
    int err;

    if (rest == NULL || rest[0] != ':' ||
        getaddrinfo(host, rest + 1, &hints, &list) != 0)
        return PH_ERR_INVALID;
    err = reach(list);
    freeaddrinfo(list);
    return err;
}

void
ph_doctor_port(const struct ph_doctor *doctor,
               struct ph_doctor_finding *finding)
{
    const struct ph_control_status *status = &doctor->status;

    if (doctor->agent_err != PH_OK || strcmp(status->release, "on") != 0)
        return;
    if (status->address_count == 0) {
        ph_doctor_warn(finding, "this computer is on no network");
        ph_doctor_remedy(finding, "connect it, or see release.interfaces");
        return;
    }
    for (size_t i = 0; i < status->address_count; i++) {
        const char *address = status->addresses[i].address;
        const int err = reach_text(address);

        if (err == PH_OK)
            continue;
        ph_doctor_problem(finding,
                          "nobody accepts at %s, of which printers "
                          "are told: %s",
                          address, ph_err_text(err));
        ph_doctor_remedy(finding, "set release.address and release.interfaces "
                                  "as this computer's network is");
        return;
    }
    ph_doctor_ok(finding, "accepts at %s%s", status->addresses[0].address,
                 status->address_count > 1 ? " and others" : "");
}
