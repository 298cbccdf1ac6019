/* Telling the service manager how it goes, after sd_notify(3). */
#ifndef PRINTHOLD_BASE_SERVICE_NOTIFY_H
#define PRINTHOLD_BASE_SERVICE_NOTIFY_H

/* Send one notice ("READY=1"). Best effort; nothing when the program was
 * started by hand. */
void ph_service_notify(const char *state);

#endif
