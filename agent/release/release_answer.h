/*
 * Answers of the release API: JSON, and problems (RFC 9457) whose "detail" is
 * a sentence that a printer can show.
 */
#ifndef PRINTHOLD_AGENT_RELEASE_ANSWER_H
#define PRINTHOLD_AGENT_RELEASE_ANSWER_H

#include <stdbool.h>

#include "jobs.h"
#include "printhold/base/attr.h"
#include "printhold/net/http_server.h"
#include "printhold/proto/json.h"

/* The exchange is consumed; fields are further header lines or NULL. detail
 * gets a full stop when it has none. */
void ph_release_problem(struct ph_http_exchange *exchange, unsigned status,
                        const char *keyword, const char *fields,
                        const char *detail);

/* 409: a printer holds the job until then; also in members of their own. */
void ph_release_claimed(struct ph_http_exchange *exchange, const char *holder,
                        int64_t until_ms);

/* The one answer for jobs that are missing, of someone else, ended, or not
 * in the grant. */
void ph_release_no_job(struct ph_http_exchange *exchange);

/* Answer with text; the exchange is consumed. */
void ph_release_text(struct ph_http_exchange *exchange, unsigned status,
                     const struct ph_buf *json);

/* Answer with a value; the exchange and the value are consumed. NULL is out
 * of memory. */
void ph_release_json(struct ph_http_exchange *exchange, unsigned status,
                     json_t *value);

/* A job as printers see it, without its title when that is not for who has
 * signed in; NULL when memory is short. */
json_t *ph_release_job(const struct ph_job_view *view, bool with_title);

#endif
