/*
 * The service manager's side: inherited sockets and state notices, after
 * sd_listen_fds(3) and sd_notify(3); sockets on macOS after
 * launch_activate_socket(3), and no notices. Both are no-ops when the program
 * was started by hand.
 */
#ifndef PRINTHOLD_AGENT_SERVICE_MANAGER_H
#define PRINTHOLD_AGENT_SERVICE_MANAGER_H

/* Descriptor of the inherited listening socket with this name, or -1. It is
 * close-on-exec and non-blocking. */
int ph_service_socket(const char *name);

/* Send one notice ("READY=1"). Best effort. */
void ph_service_notify(const char *state);

#endif
