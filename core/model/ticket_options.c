#include "printhold/model/ticket.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/parse.h"
#include "printhold/base/utf8.h"
#include "ticket_words.h"

#define OPTIONS_MAX   65536
#define COPIES_MAX    9999
#define NUMBER_UP_MAX 256
/* Year 9999; keeps seconds times 1,000 far from overflow. */
#define TIME_MAX_S 253402300799u

/* --- the text of argv[5] --- */

/* Append c to dst if there is room for it and the NUL. */
static void
append(char *dst, size_t cap, size_t *used, char c)
{
    if (*used + 1 < cap)
        dst[(*used)++] = c;
}

/* Copy a value up to the blank that ends it. Quotes group, a backslash takes
 * the next character as it is, braces nest (collections). */
static const char *
copy_value(const char *pos, char *dst, size_t cap)
{
    size_t used = 0;
    unsigned depth = 0;
    char quote = '\0';

    for (; *pos != '\0'; pos++) {
        if (*pos == '\\' && pos[1] != '\0') {
            append(dst, cap, &used, *++pos);
        } else if (quote != '\0') {
            if (*pos == quote)
                quote = '\0';
            else
                append(dst, cap, &used, *pos);
        } else if (*pos == '\'' || *pos == '"') {
            quote = *pos;
        } else if (isspace((unsigned char)*pos) && depth == 0) {
            break;
        } else {
            if (*pos == '{')
                depth++;
            else if (*pos == '}' && depth > 0)
                depth--;
            append(dst, cap, &used, *pos);
        }
    }
    dst[used] = '\0';
    return pos;
}

/* Copy a name up to '=' or a blank. */
static const char *
copy_name(const char *pos, char *dst, size_t cap)
{
    size_t used = 0;

    for (; *pos != '\0' && *pos != '=' && !isspace((unsigned char)*pos); pos++)
        append(dst, cap, &used, *pos);
    dst[used] = '\0';
    return pos;
}

bool
ph_ticket_next_option(const char **pos, char *name, size_t name_cap,
                      char *value, size_t value_cap)
{
    const char *at = *pos;

    while (isspace((unsigned char)*at))
        at++;
    if (*at == '\0') {
        *pos = at;
        return false;
    }
    at = copy_name(at, name, name_cap);
    if (*at == '=') {
        at = copy_value(at + 1, value, value_cap);
    } else if (strncasecmp(name, "no", 2) == 0 && name[2] != '\0') {
        memmove(name, name + 2, strlen(name + 2) + 1);
        (void)snprintf(value, value_cap, "false");
    } else {
        (void)snprintf(value, value_cap, "true");
    }
    *pos = at;
    return true;
}

/* --- options to keywords --- */

/* What one pass over the options gathers before the two families meet. */
struct choices {
    struct ph_ticket *ticket;
    /* IPP spelling, PPD spelling */
    const char *sides[2];
    const char *color[2];
    const char *quality[2];
    char media[2][PH_TICKET_WORD_MAX];
    char bin[2][PH_TICKET_WORD_MAX];
    char finishings[2][PH_TICKET_TEXT_MAX];
    bool is_finishing_named[2]; /* even if only as none */
    const char *collation[2];
};

enum family { IPP, PPD };

static void
set_word(char *dst, size_t cap, const char *word)
{
    if (word != NULL)
        (void)snprintf(dst, cap, "%s", word);
}

/* Add a finishing to a comma-separated list, once. */
static void
add_finishing(char *list, const char *word)
{
    size_t len = strlen(list);
    size_t need = word == NULL ? 0 : strlen(word);

    if (word == NULL || strcmp(word, "none") == 0)
        return;
    for (const char *pos = list; *pos != '\0';) {
        size_t item = strcspn(pos, ",");

        if (item == need && strncmp(pos, word, need) == 0)
            return;
        pos += item + (pos[item] == ',' ? 1 : 0);
    }
    if (len + need + 2 > PH_TICKET_TEXT_MAX)
        return;
    (void)snprintf(list + len, PH_TICKET_TEXT_MAX - len, "%s%s",
                   len > 0 ? "," : "", word);
}

static void
take_finishings(char *list, const char *value)
{
    while (*value != '\0') {
        size_t len = strcspn(value, ",");
        char word[PH_TICKET_WORD_MAX];

        if (len < sizeof(word)) {
            memcpy(word, value, len);
            word[len] = '\0';
            add_finishing(list, ph_words_finishing(word));
        }
        value += len + (value[len] == ',' ? 1 : 0);
    }
}

static void
on_sides(struct choices *to, enum family from, const char *value)
{
    const char *word = ph_words_sides(value);

    if (word != NULL)
        to->sides[from] = word;
}

static void
on_color(struct choices *to, enum family from, const char *value)
{
    const char *word = ph_words_color(value);

    if (word != NULL)
        to->color[from] = word;
}

static void
on_quality(struct choices *to, enum family from, const char *value)
{
    const char *word = ph_words_quality(value);

    if (word != NULL)
        to->quality[from] = word;
}

static void
on_media(struct choices *to, enum family from, const char *value)
{
    (void)ph_words_media(value, to->media[from], sizeof(to->media[from]));
}

static void
on_bin(struct choices *to, enum family from, const char *value)
{
    (void)ph_words_keyword(value, to->bin[from], sizeof(to->bin[from]));
}

static void
on_finishings(struct choices *to, enum family from, const char *value)
{
    to->is_finishing_named[from] = true;
    take_finishings(to->finishings[from], value);
}

static void
on_staple(struct choices *to, enum family from, const char *value)
{
    to->is_finishing_named[from] = true;
    add_finishing(to->finishings[from], ph_words_staple(value));
}

static void
on_punch(struct choices *to, enum family from, const char *value)
{
    to->is_finishing_named[from] = true;
    add_finishing(to->finishings[from], ph_words_punch(value));
}

static void
on_collate(struct choices *to, enum family from, const char *value)
{
    bool on;

    if (strcasecmp(value, "true") == 0)
        on = true;
    else if (strcasecmp(value, "false") == 0)
        on = false;
    else
        return;
    to->collation[from] = on ? "separate-documents-collated-copies"
                             : "separate-documents-uncollated-copies";
}

static void
on_handling(struct choices *to, enum family from, const char *value)
{
    static const char *const words[] = {
        "separate-documents-collated-copies",
        "separate-documents-uncollated-copies",
        "single-document",
        "single-document-new-sheet",
    };

    for (size_t i = 0; i < PH_COUNT(words); i++) {
        if (strcasecmp(words[i], value) == 0)
            to->collation[from] = words[i];
    }
}

static void
on_orientation(struct choices *to, enum family from, const char *value)
{
    (void)from;
    set_word(to->ticket->orientation_requested, PH_TICKET_WORD_MAX,
             ph_words_orientation(value));
}

static void
on_landscape(struct choices *to, enum family from, const char *value)
{
    (void)from;
    if (strcasecmp(value, "true") == 0 &&
        to->ticket->orientation_requested[0] == '\0')
        set_word(to->ticket->orientation_requested, PH_TICKET_WORD_MAX,
                 "landscape");
}

static void
on_number_up(struct choices *to, enum family from, const char *value)
{
    uint64_t n;

    (void)from;
    if (ph_parse_u64(value, 1, NUMBER_UP_MAX, &n) == PH_OK)
        to->ticket->number_up = (int32_t)n;
}

static void
on_copies(struct choices *to, enum family from, const char *value)
{
    uint64_t n;

    (void)from;
    if (ph_parse_u64(value, 1, COPIES_MAX, &n) == PH_OK)
        to->ticket->copies = (int32_t)n;
}

static void
on_uuid(struct choices *to, enum family from, const char *value)
{
    static const char form[] = "urn:uuid:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    char text[sizeof(form)];

    (void)from;
    if (strlen(value) != sizeof(form) - 1)
        return;
    for (size_t i = 0; i < sizeof(form); i++) {
        char c = (char)tolower((unsigned char)value[i]);

        if (form[i] == 'x' ? !isxdigit((unsigned char)c) : c != form[i])
            return;
        text[i] = c;
    }
    memcpy(to->ticket->job_uuid, text, sizeof(text));
}

static void
on_host(struct choices *to, enum family from, const char *value)
{
    (void)from;
    ph_utf8_clean(value, to->ticket->submission_host,
                  sizeof(to->ticket->submission_host));
}

static void
on_created(struct choices *to, enum family from, const char *value)
{
    uint64_t seconds;

    (void)from;
    if (ph_parse_u64(value, 1, TIME_MAX_S, &seconds) == PH_OK)
        to->ticket->submitted_ms = (int64_t)seconds * 1000;
}

static void
on_application(struct choices *to, enum family from, const char *value)
{
    (void)from;
    ph_utf8_clean(value, to->ticket->source, sizeof(to->ticket->source));
}

/* What is neither true nor false changes nothing. */
static void
on_confidential(struct choices *to, enum family from, const char *value)
{
    (void)from;
    if (strcasecmp(value, "true") == 0)
        to->ticket->confidential = true;
    else if (strcasecmp(value, "false") == 0)
        to->ticket->confidential = false;
}

static const struct {
    const char *name;
    enum family family;
    void (*take)(struct choices *to, enum family from, const char *value);
} option_table[] = {
    {"sides", IPP, on_sides},
    {"Duplex", PPD, on_sides},
    {"print-color-mode", IPP, on_color},
    {"ColorModel", PPD, on_color},
    {"media", IPP, on_media},
    {"PageSize", PPD, on_media},
    {"finishings", IPP, on_finishings},
    {"StapleLocation", PPD, on_staple},
    {"PunchHoles", PPD, on_punch},
    {"orientation-requested", IPP, on_orientation},
    {"landscape", IPP, on_landscape},
    {"print-quality", IPP, on_quality},
    {"cupsPrintQuality", PPD, on_quality},
    {"output-bin", IPP, on_bin},
    {"OutputBin", PPD, on_bin},
    {"multiple-document-handling", IPP, on_handling},
    {"Collate", PPD, on_collate},
    {"printhold-confidential", IPP, on_confidential},
    {"PrintholdConfidential", PPD, on_confidential},
    {"number-up", IPP, on_number_up},
    {"copies", IPP, on_copies},
    {"job-uuid", IPP, on_uuid},
    {"job-originating-host-name", IPP, on_host},
    {"time-at-creation", IPP, on_created},
    {"com.apple.print.JobInfo.PMApplicationName", IPP, on_application},
};

/*
 * lp and Chromium add the queue's default print-color-mode to every job, so
 * where the two spellings differ, the one that departs from the default is the
 * person's choice. The default is what the ticket has so far; color when it
 * has nothing.
 */
static const char *
chosen_color(const char *const words[2], const char *so_far)
{
    const char *usual = so_far[0] != '\0' ? so_far : "color";

    if (words[IPP] == NULL || words[PPD] == NULL)
        return words[IPP] != NULL ? words[IPP] : words[PPD];
    return strcmp(words[IPP], usual) != 0 ? words[IPP] : words[PPD];
}

/* The spelling that counts: IPP, else PPD. */
static const char *
either(const char *const words[2])
{
    return words[IPP] != NULL ? words[IPP] : words[PPD];
}

static const char *
either_text(const char *ipp, const char *ppd)
{
    const char *text = ipp[0] != '\0' ? ipp : ppd;

    return text[0] != '\0' ? text : NULL;
}

/* Bring the two families together into the ticket. */
static void
settle(const struct choices *from)
{
    struct ph_ticket *t = from->ticket;

    set_word(t->sides, sizeof(t->sides), either(from->sides));
    set_word(t->print_color_mode, sizeof(t->print_color_mode),
             chosen_color(from->color, t->print_color_mode));
    set_word(t->print_quality, sizeof(t->print_quality), either(from->quality));
    set_word(t->multiple_document_handling,
             sizeof(t->multiple_document_handling), either(from->collation));
    set_word(t->media, sizeof(t->media),
             either_text(from->media[IPP], from->media[PPD]));
    set_word(t->output_bin, sizeof(t->output_bin),
             either_text(from->bin[IPP], from->bin[PPD]));
    /* lp adds finishings=3 (none) by itself, so a stapling asked for by the
     * PPD's name counts beside it. */
    if (from->is_finishing_named[IPP] || from->is_finishing_named[PPD])
        (void)snprintf(t->finishings, sizeof(t->finishings), "%s",
                       from->finishings[IPP][0] != '\0'
                           ? from->finishings[IPP]
                           : from->finishings[PPD]);
}

void
ph_ticket_apply_options(struct ph_ticket *ticket, const char *options)
{
    struct choices choices = {.ticket = ticket};
    const char *pos = options;
    char name[PH_TICKET_WORD_MAX];
    char value[PH_TICKET_TEXT_MAX];

    while (
        pos - options < OPTIONS_MAX &&
        ph_ticket_next_option(&pos, name, sizeof(name), value, sizeof(value))) {
        for (size_t i = 0; i < PH_COUNT(option_table); i++) {
            if (strcasecmp(option_table[i].name, name) == 0) {
                option_table[i].take(&choices, option_table[i].family, value);
                break;
            }
        }
    }
    settle(&choices);
}
