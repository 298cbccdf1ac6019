#include "printhold/net/resolver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <unistd.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"

struct ph_resolver {
    uv_getaddrinfo_t request;
    ph_resolver_cb done; /* NULL once cancelled */
    void *arg;
};

void
ph_address_format(const struct ph_address *address, char dst[PH_ADDRESS_TEXT])
{
    const void *bytes = address->u.any.sa_family == AF_INET6
                            ? (const void *)&address->u.in6.sin6_addr
                            : (const void *)&address->u.in4.sin_addr;

    if (inet_ntop(address->u.any.sa_family, bytes, dst, PH_ADDRESS_TEXT) ==
        NULL)
        dst[0] = '\0';
}

uint16_t
ph_address_port(const struct ph_address *address)
{
    return ntohs(address->u.any.sa_family == AF_INET6
                     ? address->u.in6.sin6_port
                     : address->u.in4.sin_port);
}

static socklen_t
address_len(const struct ph_address *address)
{
    return address->u.any.sa_family == AF_INET6 ? sizeof(address->u.in6)
                                                : sizeof(address->u.in4);
}

/* Connecting a datagram socket only asks the routing table. */
int
ph_address_check_route(const struct ph_address *address)
{
    int fd = socket(address->u.any.sa_family, SOCK_DGRAM, 0);
    int err = PH_OK;

    if (fd < 0)
        return ph_err_from_errno(errno);
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (connect(fd, &address->u.any, address_len(address)) != 0)
        err = ph_err_from_errno(errno);
    ph_io_close(&fd);
    return err;
}

static size_t
copy_addresses(const struct addrinfo *info, struct ph_address *addresses)
{
    size_t count = 0;

    for (; info != NULL && count < PH_RESOLVER_ADDRESSES_MAX;
         info = info->ai_next) {
        if ((info->ai_family != AF_INET && info->ai_family != AF_INET6) ||
            info->ai_addrlen > sizeof(addresses[count].u))
            continue;
        memset(&addresses[count], 0, sizeof(addresses[count]));
        memcpy(&addresses[count].u, info->ai_addr, info->ai_addrlen);
        count++;
    }
    return count;
}

static int
err_of_status(int status)
{
    switch (status) {
    case 0:
        return PH_OK;
    case UV_EAI_NONAME:
    case UV_EAI_NODATA:
        return PH_ERR_NOT_FOUND;
    case UV_EAI_MEMORY:
    case UV_ENOMEM:
        return PH_ERR_NOMEM;
    default:
        return PH_ERR_AGAIN;
    }
}

static void
on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *info)
{
    struct ph_resolver *resolver = request->data;
    struct ph_address addresses[PH_RESOLVER_ADDRESSES_MAX];
    int err = err_of_status(status);
    size_t count = copy_addresses(info, addresses);

    uv_freeaddrinfo(info);
    if (err == PH_OK && count == 0)
        err = PH_ERR_NOT_FOUND;
    if (resolver->done != NULL)
        resolver->done(err, addresses, err == PH_OK ? count : 0, resolver->arg);
    free(resolver);
}

int
ph_resolver_start(uv_loop_t *loop, const char *host, uint16_t port,
                  ph_resolver_cb done, void *arg,
                  struct ph_resolver **out_resolver)
{
    static const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                          .ai_socktype = SOCK_STREAM,
                                          .ai_flags = AI_NUMERICSERV};
    struct ph_resolver *resolver = calloc(1, sizeof(*resolver));
    char service[8];
    int status;

    if (resolver == NULL)
        return PH_ERR_NOMEM;
    resolver->request.data = resolver;
    resolver->done = done;
    resolver->arg = arg;
    (void)snprintf(service, sizeof(service), "%u", port);
    status = uv_getaddrinfo(loop, &resolver->request, on_resolved, host,
                            service, &hints);
    if (status != 0) {
        free(resolver);
        return status == UV_ENOMEM ? PH_ERR_NOMEM : PH_ERR_INVALID;
    }
    *out_resolver = resolver;
    return PH_OK;
}

void
ph_resolver_cancel(struct ph_resolver *resolver)
{
    if (resolver == NULL)
        return;
    resolver->done = NULL;
    (void)uv_cancel((uv_req_t *)&resolver->request);
}
