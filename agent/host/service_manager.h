/*
 * The service manager's side: inherited sockets, after sd_listen_fds(3), on
 * macOS after launch_activate_socket(3).
 */
#ifndef PRINTHOLD_AGENT_SERVICE_MANAGER_H
#define PRINTHOLD_AGENT_SERVICE_MANAGER_H

/* A descriptor, of the caller's, of the inherited listening socket with this
 * name, or -1. It is close-on-exec and non-blocking. Another call gives another
 * one: the socket itself stays until the process ends. */
int ph_service_socket(const char *name);

#endif
