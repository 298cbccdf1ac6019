/*
 * ph-bench-list: asks the agent for the caller's jobs, again and again on one
 * connection of the control socket, as the printhold command does. Before each
 * list it asks for a job that does not exist: the same way without a list, so
 * the difference is what the list costs.
 *
 *   ph-bench-list TIMES
 *
 * Prints {"jobs":…,"list_us":[…],"nothing_us":[…]}, from the first byte sent
 * to the last byte taken, in microseconds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "client.h"
#include "printhold/base/err.h"

#define TIMES_MAX 100000

static const struct ph_control_request list = {.op = PH_CONTROL_JOBS};
static const struct ph_control_request nothing = {
    .op = PH_CONTROL_SHOW, .job = "00000000000000000000000000000000"};

static double
now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int
count(const void *body, size_t len, void *arg)
{
    (void)body;
    (void)len;
    ++*(size_t *)arg;
    return PH_OK;
}

static double
ask(struct ph_client *client, const struct ph_control_request *request,
    int expected, size_t *out_items)
{
    struct ph_why why = {{0}};
    double began = now_us();
    int err;

    *out_items = 0;
    err = ph_client_ask(client, request, count, out_items, &why);
    if (err != expected) {
        (void)fprintf(stderr, "ph-bench-list: %s %s\n", ph_err_text(err),
                      why.text);
        exit(2);
    }
    return now_us() - began;
}

static void
print(const char *name, const double *us, size_t times)
{
    (void)printf(",\"%s\":[", name);
    for (size_t i = 0; i < times; i++)
        (void)printf("%s%.1f", i > 0 ? "," : "", us[i]);
    (void)printf("]");
}

int
main(int argc, char **argv)
{
    size_t times = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
    double *list_us = calloc(TIMES_MAX, sizeof(*list_us));
    double *nothing_us = calloc(TIMES_MAX, sizeof(*nothing_us));
    struct ph_client client;
    struct ph_why why = {{0}};
    size_t jobs = 0, none;

    if (times == 0 || times > TIMES_MAX || list_us == NULL ||
        nothing_us == NULL) {
        (void)fprintf(stderr, "Usage: ph-bench-list TIMES\n");
        return 2;
    }
    if (ph_client_open(&client, &why) != PH_OK) {
        (void)fprintf(stderr, "ph-bench-list: %s\n", why.text);
        return 2;
    }
    for (size_t i = 0; i < times; i++) {
        nothing_us[i] = ask(&client, &nothing, PH_ERR_NOT_FOUND, &none);
        list_us[i] = ask(&client, &list, PH_OK, &jobs);
    }
    ph_client_close(&client);
    (void)printf("{\"jobs\":%zu", jobs);
    print("list_us", list_us, times);
    print("nothing_us", nothing_us, times);
    (void)printf("}\n");
    free(list_us);
    free(nothing_us);
    return 0;
}
