/*
 * The backend's end of the page counter (printhold-pagecount), a confined
 * child that parses the document in memory. It is started early, beside the
 * hand-over to the agent, so that a small job does not wait for it.
 *
 *   before the fork    ph_pagecount_open
 *   supervisor         ph_pagecount_spawn, ph_pagecount_close
 *   worker             _kind or _skip, _add, _ask, _answer
 *
 * A counter that is missing, dies, is too slow or talks nonsense makes the
 * pages unknown, nothing else.
 */
#ifndef PH_BACKEND_PAGECOUNT_H
#define PH_BACKEND_PAGECOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "pagecount_wire.h"
#include "pictures.h"
#include "printhold/model/config.h"
#include "sniff.h"

struct ph_pagecount {
    int sock;        /* ours; -1 when nothing is counted */
    int child_sock;  /* the counter's, until it runs */
    int document;    /* what the counter maps */
    bool is_filling; /* the worker copies the document there */
    bool is_asked;
    uint64_t size; /* bytes of the document so far */
    uint64_t max;  /* larger ones are not counted */
    uint64_t memory_max;
    uint64_t cpu_s;
    bool is_pdf; /* known to be one: pictures are left out */
    struct ph_pictures pictures;
};

/* Get ready. input is a regular file with the whole document, which the
 * counter then maps itself, or -1 when the document comes in pieces. Never
 * fails: without the means, nothing is counted. */
void ph_pagecount_open(struct ph_pagecount *pc, const struct ph_config *config,
                       int input);
void ph_pagecount_close(struct ph_pagecount *pc);

/* Start the program; its process id, or -1. */
pid_t ph_pagecount_spawn(const struct ph_pagecount *pc, const char *program);

/* The next bytes of the document. */
void ph_pagecount_add(struct ph_pagecount *pc, const uint8_t *bytes,
                      size_t len);

/* What it is; a kind that has no pages to count ends the counting. */
void ph_pagecount_kind(struct ph_pagecount *pc, enum ph_sniff_kind kind);

/* The document is complete. */
void ph_pagecount_ask(struct ph_pagecount *pc);

/* Wait at most timeout_ms. PH_ERR_NOT_FOUND when nothing is counted,
 * PH_ERR_TIMEOUT, PH_ERR_CLOSED, PH_ERR_PROTOCOL. The texts are clean. */
int ph_pagecount_answer(struct ph_pagecount *pc, int timeout_ms,
                        struct ph_pagecount_answer *out_answer);

#endif
