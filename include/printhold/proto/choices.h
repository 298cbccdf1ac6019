/*
 * What a person chose at the printer, beside what the ticket says: members of
 * the printer's report, in IPP keywords (RFC 8011, PWG 5100.1).
 *
 * Only what the ticket leaves open: a job that was sent in black and white is
 * not printed in colour, and pages that it does not have are not printed.
 */
#ifndef PRINTHOLD_PROTO_CHOICES_H
#define PRINTHOLD_PROTO_CHOICES_H

#include "printhold/base/why.h"
#include "printhold/model/ticket.h"
#include "printhold/proto/event.h"
#include "printhold/proto/json.h"

/* The members copies, sides, print-color-mode, page-ranges and finishings of
 * object, all optional, others ignored. PH_ERR_INVALID with the member in
 * why. */
int ph_release_choices_take(const json_t *object,
                            struct ph_release_choices *out_choices,
                            struct ph_why *why);
/* PH_ERR_INVALID when the ticket does not allow them. */
int ph_release_choices_check(const struct ph_release_choices *choices,
                             const struct ph_ticket *ticket,
                             struct ph_why *why);
/* Those of earlier that later does not make itself. */
void ph_release_choices_merge(struct ph_release_choices *later,
                              const struct ph_release_choices *earlier);
/* As one line, "copies=2 sides=one-sided"; empty when none were made. */
void ph_release_choices_text(const struct ph_release_choices *choices,
                             char *dst, size_t cap);
/* Add those that were made. */
int ph_release_choices_put(const struct ph_release_choices *choices,
                           json_t *object);

#endif
