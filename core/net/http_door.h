/* The inside of a door, for the servers that take from it. Any thread. */
#ifndef PRINTHOLD_NET_HTTP_DOOR_H
#define PRINTHOLD_NET_HTTP_DOOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "printhold/crypto/identity.h"
#include "printhold/net/http_server.h"

#define PH_HTTP_SERVERS_MAX 8 /* of one door */

/* One connection's. */
struct ph_http_place {
    bool taken;
    bool has_address;
    bool leaving;        /* closing, or told to: counts no more */
    size_t crowd;        /* of a stranger: how many its address has of them */
    uint64_t arrival;    /* the lower, the longer here */
    uint8_t address[16]; /* IPv6, IPv4 mapped */
    char thumbprint[PH_THUMBPRINT_TEXT]; /* "" before the handshake is over */
    struct ph_http_server *server;       /* NULL: not decided yet */
    /* until its server takes it in */
    struct ph_http_place *next;
    struct sockaddr_storage peer;
    int fd;
};

int ph_http_door_fd(const struct ph_http_door *door);

/* A server comes, and may be given connections from now on. The first one, to
 * whom *out_is_first says so, looks after the socket. PH_ERR_LIMIT. */
int ph_http_door_join(struct ph_http_door *door, struct ph_http_server *server,
                      bool *out_is_first);
/* It goes: what it was given and did not take in is turned away. */
void ph_http_door_part(struct ph_http_door *door,
                       struct ph_http_server *server);

/* Before accept(2): NULL when the house is full. */
struct ph_http_place *ph_http_door_reserve(struct ph_http_door *door);
/* A place with fd and peer goes to the server with the fewest; its wake handle
 * is told. */
void ph_http_door_assign(struct ph_http_door *door,
                         struct ph_http_place *place);
/* What the server was given, a list; NULL. *out_must_give_way: some of its
 * connections have been told to leave. */
struct ph_http_place *ph_http_door_take(struct ph_http_door *door,
                                        struct ph_http_server *server,
                                        bool *out_must_give_way);
/* Somebody waits outside and the house is full: a stranger, whose certificate
 * nobody has seen yet, is told to leave: the oldest of the address from which
 * most of them are, so that a crowd displaces itself. */
void ph_http_door_make_room(struct ph_http_door *door);
/* The connection closes; its place is taken a moment longer. */
void ph_http_door_leaving(struct ph_http_door *door,
                          struct ph_http_place *place);
bool ph_http_door_is_leaving(struct ph_http_door *door,
                             const struct ph_http_place *place);
void ph_http_door_leave(struct ph_http_door *door, struct ph_http_place *place);

/* May one more come from there, of them? Then it counts. Where there are too
 * many strangers, or too many of the address and strangers among them, one of
 * these is told to leave. */
bool ph_http_door_address(struct ph_http_door *door,
                          struct ph_http_place *place,
                          const uint8_t address[16]);
bool ph_http_door_peer(struct ph_http_door *door, struct ph_http_place *place,
                       const char *thumbprint);

#endif
