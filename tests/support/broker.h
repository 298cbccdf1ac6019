/*
 * A private mosquitto with the configuration that we ship, its certificates,
 * and a reader, for tests on a real broker. Everything lies in one scratch
 * directory; only processes that were started here are ended.
 */
#ifndef PRINTHOLD_TESTS_SUPPORT_BROKER_H
#define PRINTHOLD_TESTS_SUPPORT_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BROKER_TEXT 512

struct broker {
    char dir[BROKER_TEXT];
    char pki[BROKER_TEXT];
    char url[BROKER_TEXT]; /* wss://localhost:port/mqtt */
    uint16_t wss_port;
    uint16_t tls_port;
    pid_t pid; /* 0 while it does not run */
    bool is_recorded;
    pid_t recorder; /* 0 while it does not run */
};

/* Make directory, certificates of tenant acme (broker, reader) and ports. */
void broker_make(struct broker *broker);
/* Run tests/support/pki with these arguments; the last one is NULL. */
void broker_pki(const struct broker *broker, const char *command, ...);
/* "<pki>/<name>" */
const char *broker_file(const struct broker *broker, const char *name,
                        char dst[BROKER_TEXT]);

/* From the next start on record what is published; broker_remove holds it
 * against the contract in docs/ (tests/support/check-messages). */
void broker_record(struct broker *broker);

/* Start it and wait until it listens. */
void broker_start(struct broker *broker);
void broker_end(struct broker *broker, int signal);
/* Does a line of its log contain the text? */
bool broker_log_has(const struct broker *broker, const char *text);

/*
 * What the reader sees at port 8883: "topic payload" lines of up to count
 * messages that match, waiting at most wait_s. The text is static.
 */
const char *broker_read(const struct broker *broker, const char *filter,
                        unsigned count, unsigned wait_s);
/* The same in the background; end with broker_read_end. */
pid_t broker_read_begin(const struct broker *broker, const char *filter,
                        unsigned count, unsigned wait_s, int *out_fd);
const char *broker_read_end(pid_t pid, int fd);

/* What the service "writer" publishes at QoS 1 at port 8883. */
void broker_write(const struct broker *broker, const char *topic,
                  const char *payload, bool retain);

/* End the broker and remove the directory. */
void broker_remove(struct broker *broker);

/* A TCP port on loopback that was free a moment ago. */
uint16_t broker_free_port(void);
/* Monotonic milliseconds. */
int64_t broker_now_ms(void);

#endif
