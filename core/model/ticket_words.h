/*
 * PPD and IPP spellings of print options, brought to IPP keywords (RFC 8011,
 * PWG 5100.1 finishings, PWG 5101.1 media names). Each function gives a
 * static keyword, or copies one to dst; NULL or false for what it does not
 * know, dst untouched. Comparing ignores case, as CUPS does.
 */
#ifndef PH_MODEL_TICKET_WORDS_H
#define PH_MODEL_TICKET_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* sides, or the PPD choice of Duplex. */
const char *ph_words_sides(const char *value);
/* print-color-mode, or the PPD choice of ColorModel. */
const char *ph_words_color(const char *value);
/* enum 3 to 7, or keyword. */
const char *ph_words_orientation(const char *value);
/* enum 3 to 5, keyword, or the PPD choice of cupsPrintQuality. */
const char *ph_words_quality(const char *value);
/* One finishing: enum or keyword; "none" is known. */
const char *ph_words_finishing(const char *value);
/* PPD choice of StapleLocation and PunchHoles in our PPD. */
const char *ph_words_staple(const char *value);
const char *ph_words_punch(const char *value);

/* PWG self-describing name for a PPD or IPP media name ("A4", "iso-a4",
 * "A4.Fullbleed", "iso_a4", "iso_a4_210x297mm,tray-1"). */
bool ph_words_media(const char *value, char *dst, size_t cap);

/* PPD words as a keyword: "FaceDown" gives "face-down". Only letters, digits,
 * '-', '_' and '.' are taken. */
bool ph_words_keyword(const char *value, char *dst, size_t cap);

#endif
