/*
 * The listening socket, and how many are inside: of all, of an address, of a
 * certificate. Servers on several threads ask; a few hundred places are looked
 * through in a microsecond, so one lock and an array will do.
 *
 * One server accepts, and whoever has the fewest gets the connection. Were all
 * of them to accept, the one that wakes first would take a whole crowd.
 */
#include "http_door.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "http_private.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"

#define BACKLOG 1024

struct ph_http_door {
    int fd;
    uint16_t port;
    size_t strangers_max;
    size_t address_max;
    size_t peer_max;
    size_t place_count;
    pthread_mutex_t lock; /* for the rest */
    struct ph_http_server *server[PH_HTTP_SERVERS_MAX];
    size_t server_count;
    size_t inside;
    size_t used; /* places beyond were never taken, or are free again */
    uint64_t arrivals;
    struct ph_http_place place[];
};

void
ph_http_door_options_init(struct ph_http_door_options *options)
{
    memset(options, 0, sizeof(*options));
    options->address = "";
    options->connections_max = 512;
    options->strangers_max = 256;
    options->address_max = 128;
    options->peer_max = 16;
}

/* --- the socket --- */

/* Numeric address to a socket address; "" is the IPv6 wildcard, which takes
 * IPv4 too. */
static int
parse_address(const char *text, uint16_t port, struct sockaddr_storage *out)
{
    struct sockaddr_storage address;
    int err;

    memset(&address, 0, sizeof(address));
    if (text[0] == '\0')
        text = "::";
    if (strchr(text, ':') != NULL)
        err = uv_ip6_addr(text, port, (struct sockaddr_in6 *)&address);
    else
        err = uv_ip4_addr(text, port, (struct sockaddr_in *)&address);
    if (err != 0)
        return PH_ERR_CONFIG;
    *out = address;
    return PH_OK;
}

static int
open_listener(const struct sockaddr_storage *address, int *out_fd)
{
    socklen_t len = address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                   : sizeof(struct sockaddr_in);
    int on = 1, off = 0, err = PH_OK;
    int fd = ph_http_socket(address->ss_family);

    if (fd < 0)
        return ph_err_from_errno(errno);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address->ss_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (bind(fd, (const struct sockaddr *)address, len) != 0 ||
        listen(fd, BACKLOG) != 0)
        err = errno == EADDRINUSE ? PH_ERR_BUSY : ph_err_from_errno(errno);
    if (err != PH_OK) {
        (void)close(fd);
        return err;
    }
    *out_fd = fd;
    return PH_OK;
}

static int
bind_port(struct ph_http_door *door, const struct ph_http_door_options *options,
          struct ph_why *why)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);
    int err = parse_address(options->address, options->port, &address);

    if (err != PH_OK)
        return ph_why_fail(why, PH_ERR_CONFIG, "%s is not a numeric address",
                           options->address);
    err = open_listener(&address, &door->fd);
    if (err != PH_OK && options->address[0] == '\0' && err != PH_ERR_BUSY) {
        /* A host without IPv6. */
        (void)parse_address("0.0.0.0", options->port, &address);
        err = open_listener(&address, &door->fd);
    }
    if (err != PH_OK)
        return ph_why_fail(
            why, err, "Cannot listen on %s port %u: %s",
            options->address[0] != '\0' ? options->address : "every address",
            options->port,
            err == PH_ERR_BUSY ? "another program uses it" : ph_err_text(err));
    if (getsockname(door->fd, (struct sockaddr *)&address, &len) != 0)
        return ph_err_from_errno(errno);
    door->port = ntohs(address.ss_family == AF_INET6
                           ? ((struct sockaddr_in6 *)&address)->sin6_port
                           : ((struct sockaddr_in *)&address)->sin_port);
    return PH_OK;
}

int
ph_http_door_open(const struct ph_http_door_options *options,
                  struct ph_http_door **out_door, struct ph_why *why)
{
    struct ph_http_door *door;
    int err;

    door = calloc(1, sizeof(*door) +
                         options->connections_max * sizeof(door->place[0]));
    if (door == NULL)
        return PH_ERR_NOMEM;
    if (pthread_mutex_init(&door->lock, NULL) != 0) {
        free(door);
        return PH_ERR_NOMEM;
    }
    door->fd = -1;
    door->strangers_max = options->strangers_max;
    door->address_max = options->address_max;
    door->peer_max = options->peer_max;
    door->place_count = options->connections_max;
    err = bind_port(door, options, why);
    if (err != PH_OK) {
        ph_http_door_close(door);
        return err;
    }
    *out_door = door;
    return PH_OK;
}

void
ph_http_door_close(struct ph_http_door *door)
{
    if (door == NULL)
        return;
    ph_io_close(&door->fd);
    (void)pthread_mutex_destroy(&door->lock);
    free(door);
}

uint16_t
ph_http_door_port(const struct ph_http_door *door)
{
    return door->port;
}

int
ph_http_door_fd(const struct ph_http_door *door)
{
    return door->fd;
}

/* --- who is inside --- */

size_t
ph_http_door_inside(struct ph_http_door *door)
{
    size_t inside;

    (void)pthread_mutex_lock(&door->lock);
    inside = door->inside;
    (void)pthread_mutex_unlock(&door->lock);
    return inside;
}

struct ph_http_place *
ph_http_door_reserve(struct ph_http_door *door)
{
    struct ph_http_place *place = NULL;

    (void)pthread_mutex_lock(&door->lock);
    for (size_t i = 0; i < door->place_count && place == NULL; i++) {
        if (!door->place[i].taken)
            place = &door->place[i];
    }
    if (place != NULL) {
        memset(place, 0, sizeof(*place));
        place->taken = true;
        if (door->used <= (size_t)(place - door->place))
            door->used = (size_t)(place - door->place) + 1;
        place->arrival = ++door->arrivals;
        door->inside++;
    }
    (void)pthread_mutex_unlock(&door->lock);
    return place;
}

static bool
is_stranger(const struct ph_http_place *place)
{
    return place->taken && place->has_address && !place->leaving &&
           place->thumbprint[0] == '\0';
}

static bool
is_from(const struct ph_http_place *place, const uint8_t address[16])
{
    return place->taken && place->has_address && !place->leaving &&
           memcmp(place->address, address, 16) == 0;
}

/* Another stranger of the address, or one fewer. The lock is held. */
static void
count_crowd(struct ph_http_door *door, const uint8_t address[16], bool one_more)
{
    for (size_t i = 0; i < door->used; i++) {
        struct ph_http_place *place = &door->place[i];

        if (!is_stranger(place) || !is_from(place, address))
            continue;
        if (one_more)
            place->crowd++;
        else
            place->crowd--;
    }
}

/* It will be one no more, for whatever reason. The lock is held. */
static void
no_stranger(struct ph_http_door *door, const struct ph_http_place *place)
{
    if (is_stranger(place))
        count_crowd(door, place->address, false);
}

static void
leave(struct ph_http_door *door, struct ph_http_place *place)
{
    no_stranger(door, place);
    if (place->server != NULL)
        place->server->given--;
    place->taken = false;
    while (door->used > 0 && !door->place[door->used - 1].taken)
        door->used--;
    door->inside--;
}

void
ph_http_door_leave(struct ph_http_door *door, struct ph_http_place *place)
{
    (void)pthread_mutex_lock(&door->lock);
    leave(door, place);
    (void)pthread_mutex_unlock(&door->lock);
}

/* --- servers --- */

int
ph_http_door_join(struct ph_http_door *door, struct ph_http_server *server,
                  bool *out_is_first)
{
    int err = PH_ERR_LIMIT;

    (void)pthread_mutex_lock(&door->lock);
    if (door->server_count < PH_HTTP_SERVERS_MAX) {
        *out_is_first = door->server_count == 0;
        door->server[door->server_count++] = server;
        err = PH_OK;
    }
    (void)pthread_mutex_unlock(&door->lock);
    return err;
}

void
ph_http_door_part(struct ph_http_door *door, struct ph_http_server *server)
{
    (void)pthread_mutex_lock(&door->lock);
    for (size_t i = 0; i < door->server_count; i++) {
        if (door->server[i] == server)
            door->server[i] = door->server[--door->server_count];
    }
    while (server->inbox != NULL) {
        struct ph_http_place *place = server->inbox;

        server->inbox = place->next;
        ph_io_close(&place->fd);
        leave(door, place);
    }
    (void)pthread_mutex_unlock(&door->lock);
}

/* The lock is held: a server that has parted is told nothing more. */
static void
give(struct ph_http_server *server, struct ph_http_place *place)
{
    struct ph_http_place **end = &server->inbox;

    while (*end != NULL)
        end = &(*end)->next;
    *end = place;
    place->server = server;
    server->given++;
    (void)uv_async_send(&server->wake);
}

void
ph_http_door_assign(struct ph_http_door *door, struct ph_http_place *place)
{
    struct ph_http_server *least = NULL;

    (void)pthread_mutex_lock(&door->lock);
    for (size_t i = 0; i < door->server_count; i++) {
        if (least == NULL || door->server[i]->given < least->given)
            least = door->server[i];
    }
    if (least != NULL) {
        give(least, place);
    } else {
        ph_io_close(&place->fd);
        leave(door, place);
    }
    (void)pthread_mutex_unlock(&door->lock);
}

struct ph_http_place *
ph_http_door_take(struct ph_http_door *door, struct ph_http_server *server,
                  bool *out_must_give_way)
{
    struct ph_http_place *list;

    (void)pthread_mutex_lock(&door->lock);
    list = server->inbox;
    server->inbox = NULL;
    *out_must_give_way = server->must_give_way;
    server->must_give_way = false;
    (void)pthread_mutex_unlock(&door->lock);
    return list;
}

/* --- limits --- */

/* Should rather the first one leave? A crowd displaces itself. */
static bool
is_before(const struct ph_http_place *one, const struct ph_http_place *other)
{
    if (one->crowd != other->crowd)
        return one->crowd > other->crowd;
    return one->arrival < other->arrival;
}

/* The lock is held. A stranger, of the address unless it is NULL, is told to
 * leave; false when there is none. */
static bool
tell_one(struct ph_http_door *door, const uint8_t *address)
{
    struct ph_http_place *first = NULL;

    for (size_t i = 0; i < door->used; i++) {
        struct ph_http_place *place = &door->place[i];

        if (is_stranger(place) &&
            (address == NULL || is_from(place, address)) &&
            (first == NULL || is_before(place, first)))
            first = place;
    }
    if (first == NULL)
        return false;
    no_stranger(door, first);
    first->leaving = true;
    first->server->must_give_way = true;
    (void)uv_async_send(&first->server->wake);
    return true;
}

void
ph_http_door_make_room(struct ph_http_door *door)
{
    (void)pthread_mutex_lock(&door->lock);
    (void)tell_one(door, NULL);
    (void)pthread_mutex_unlock(&door->lock);
}

void
ph_http_door_leaving(struct ph_http_door *door, struct ph_http_place *place)
{
    (void)pthread_mutex_lock(&door->lock);
    no_stranger(door, place);
    place->leaving = true;
    (void)pthread_mutex_unlock(&door->lock);
}

bool
ph_http_door_is_leaving(struct ph_http_door *door,
                        const struct ph_http_place *place)
{
    bool is_leaving;

    (void)pthread_mutex_lock(&door->lock);
    is_leaving = place->leaving;
    (void)pthread_mutex_unlock(&door->lock);
    return is_leaving;
}

bool
ph_http_door_address(struct ph_http_door *door, struct ph_http_place *place,
                     const uint8_t address[16])
{
    size_t strangers = 0, count = 0, crowd = 0;
    bool may = true;

    (void)pthread_mutex_lock(&door->lock);
    for (size_t i = 0; i < door->used; i++) {
        strangers += is_stranger(&door->place[i]);
        count += is_from(&door->place[i], address);
    }
    if (count >= door->address_max)
        may = tell_one(door, address);
    else if (strangers >= door->strangers_max)
        (void)tell_one(door, NULL);
    if (may) {
        for (size_t i = 0; i < door->used; i++)
            crowd += is_stranger(&door->place[i]) &&
                     is_from(&door->place[i], address);
        memcpy(place->address, address, 16);
        place->has_address = true;
        place->crowd = crowd;
        count_crowd(door, address, true);
    }
    (void)pthread_mutex_unlock(&door->lock);
    return may;
}

/* Who was told to leave and got through all the same may stay. */
bool
ph_http_door_peer(struct ph_http_door *door, struct ph_http_place *place,
                  const char *thumbprint)
{
    size_t count = 0;

    (void)pthread_mutex_lock(&door->lock);
    for (size_t i = 0; i < door->used && thumbprint[0] != '\0'; i++) {
        const struct ph_http_place *each = &door->place[i];

        count += each->taken && !each->leaving &&
                 strcmp(each->thumbprint, thumbprint) == 0;
    }
    if (count < door->peer_max) {
        no_stranger(door, place);
        memcpy(place->thumbprint, thumbprint, strlen(thumbprint) + 1);
        place->leaving = false;
    }
    (void)pthread_mutex_unlock(&door->lock);
    return count < door->peer_max;
}
