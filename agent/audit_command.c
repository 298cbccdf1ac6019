#include "audit_command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "audit_view.h"
#include "printhold/base/as_owner.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/parse.h"
#include "printhold/crypto/machine_key.h"
#include "printhold/store/audit.h"

/* Records of one look: the log of the catalogue is held no longer than that,
 * however slowly the output goes. */
#define PAGE       128
#define OUTPUT_MAX (1024 * 1024)
#define AGE_MAX_S  (UINT64_C(36500) * 86400)

struct source {
    struct ph_catalogue *catalogue;
    struct ph_epoch_keys *keys;
};

static int
open_keys(const struct ph_config *config, struct ph_epoch_keys **out_keys,
          struct ph_why *why)
{
    struct ph_machine_key machine;
    char path[PH_CONFIG_TEXT_MAX + 8];
    int fd = -1, err;

    err = ph_machine_key_unlock(config->key_level, config->key_file, &machine,
                                why);
    if (err != PH_OK)
        return err;
    (void)snprintf(path, sizeof(path), "%s/keys", config->state_dir);
    err = ph_io_open_dir(path, false, 0700, &fd, why);
    if (err == PH_OK)
        err = ph_epoch_keys_open_audit(fd, &machine, out_keys, why);
    ph_io_close(&fd);
    ph_machine_key_wipe(&machine);
    return err;
}

static int
source_open(const struct ph_config *config, struct source *source,
            struct ph_why *why)
{
    char path[PH_CONFIG_TEXT_MAX + 16];
    int fd = -1;
    int err = ph_io_open_dir(config->state_dir, false, 0700, &fd, why);

    if (err == PH_OK)
        err = ph_act_as_owner(fd, config->state_dir, why);
    ph_io_close(&fd);
    if (err == PH_OK)
        err = open_keys(config, &source->keys, why);
    (void)snprintf(path, sizeof(path), "%s/catalogue.db", config->state_dir);
    return err == PH_OK ? ph_audit_open(path, &source->catalogue, why) : err;
}

static void
source_close(struct source *source)
{
    ph_catalogue_close(source->catalogue);
    ph_epoch_keys_free(source->keys);
}

/* --- since when --- */

/* Digits, and the characters that stand between them. */
static bool
looks_like(const char *text, const char *shape)
{
    size_t len = strlen(shape);

    if (strlen(text) != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (shape[i] == '0' ? text[i] < '0' || text[i] > '9'
                            : text[i] != shape[i])
            return false;
    }
    return true;
}

static int
digits(const char *text, size_t from, size_t len)
{
    int value = 0;

    for (size_t i = from; i < from + len; i++)
        value = 10 * value + (text[i] - '0');
    return value;
}

/* UTC. A day that no month has is none. */
static int
parse_time(const char *text, int64_t *out_ms)
{
    const bool has_time = looks_like(text, "0000-00-00T00:00:00Z");
    struct tm tm = {.tm_isdst = 0}, back;
    time_t seconds;

    if (!has_time && !looks_like(text, "0000-00-00"))
        return PH_ERR_SYNTAX;
    tm.tm_year = digits(text, 0, 4) - 1900;
    tm.tm_mon = digits(text, 5, 2) - 1;
    tm.tm_mday = digits(text, 8, 2);
    if (has_time) {
        tm.tm_hour = digits(text, 11, 2);
        tm.tm_min = digits(text, 14, 2);
        tm.tm_sec = digits(text, 17, 2);
    }
    back = tm;
    seconds = timegm(&back);
    if (back.tm_mon != tm.tm_mon || back.tm_mday != tm.tm_mday ||
        back.tm_hour != tm.tm_hour || back.tm_min != tm.tm_min ||
        back.tm_sec != tm.tm_sec)
        return PH_ERR_SYNTAX;
    *out_ms = (int64_t)seconds * 1000;
    return PH_OK;
}

static int
parse_since(const char *text, int64_t *out_ms, struct ph_why *why)
{
    uint64_t age_s;

    if (text == NULL) {
        *out_ms = INT64_MIN;
        return PH_OK;
    }
    if (ph_parse_duration_s(text, 0, AGE_MAX_S, &age_s) == PH_OK) {
        *out_ms = ph_clock_wall_ms() - (int64_t)age_s * 1000;
        return PH_OK;
    }
    if (parse_time(text, out_ms) == PH_OK)
        return PH_OK;
    return ph_why_fail(why, PH_ERR_INVALID,
                       "--since takes a day (2026-11-21), a time "
                       "(2026-11-21T19:30:00Z) or an age (12h, 7d)");
}

/* --- export --- */

struct export
{
    struct ph_epoch_keys *keys;
    struct ph_buf out;
    bool csv;
    int64_t after;
    uint64_t count;
    size_t given; /* of this look */
    int err;
};

static int
put_json(struct export *export, const struct ph_history *history)
{
    struct ph_buf object;
    int err = ph_buf_put_str(&export->out, export->count == 0 ? "[\n" : ",\n");

    ph_buf_init(&object, OUTPUT_MAX);
    if (err == PH_OK)
        err = ph_history_put(history, &object);
    if (err == PH_OK)
        err = ph_buf_put(&export->out, object.data, object.len);
    ph_buf_close(&object);
    return err;
}

static bool
on_record(const struct ph_audit_record *record, void *arg)
{
    struct export *export = arg;
    struct ph_audit_sealed sealed;
    struct ph_history history;

    export->err = ph_audit_unseal(export->keys, record, &sealed);
    if (export->err != PH_OK)
        return false;
    ph_audit_view(record, &sealed, true, &history);
    export->err = export->csv ? ph_history_csv(&history, &export->out)
                              : put_json(export, &history);
    export->after = record->number;
    export->count++;
    export->given++;
    return export->err == PH_OK;
}

static int
flush(struct ph_buf *out, struct ph_why *why)
{
    const bool is_written =
        (out->len == 0 || fwrite(out->data, 1, out->len, stdout) == out->len) &&
        fflush(stdout) == 0;

    ph_buf_clear(out);
    return is_written ? PH_OK
                      : ph_why_fail(why, PH_ERR_IO, "cannot write the output");
}

static int
export_page(struct source *source, struct export *export, int64_t since_ms,
            struct ph_why *why)
{
    const struct ph_audit_filter filter = {
        .after = export->after, .since_ms = since_ms, .limit = PAGE};
    int err;

    export->given = 0;
    err = ph_audit_each(source->catalogue, &filter, on_record, export);
    if (err == PH_OK)
        err = export->err;
    if (err == PH_OK)
        return flush(&export->out, why);
    (void)flush(&export->out, NULL); /* as far as it goes */
    return ph_why_fail(why, PH_ERR_IO,
                       "the record after number %" PRId64
                       " cannot be read (%s); look with 'printhold-agent "
                       "audit verify'",
                       export->after, ph_err_text(err));
}

static int
export_all(struct source *source, struct export *export, int64_t since_ms,
           struct ph_why *why)
{
    int err = export->csv ? ph_history_csv_head(&export->out) : PH_OK;

    do {
        if (err == PH_OK)
            err = export_page(source, export, since_ms, why);
    } while (err == PH_OK && export->given == PAGE);
    if (err == PH_OK && !export->csv)
        err =
            ph_buf_put_str(&export->out, export->count == 0 ? "[]\n" : "\n]\n");
    return err == PH_OK ? flush(&export->out, why) : err;
}

int
ph_audit_command_export(const struct ph_config *config, bool csv,
                        const char *since, struct ph_why *why)
{
    struct source source = {NULL, NULL};
    struct export export = {.csv = csv};
    int64_t since_ms = INT64_MIN;
    int err = parse_since(since, &since_ms, why);

    if (err != PH_OK)
        return err;
    ph_buf_init(&export.out, OUTPUT_MAX);
    err = source_open(config, &source, why);
    export.keys = source.keys;
    if (err == PH_OK)
        err = export_all(&source, &export, since_ms, why);
    ph_buf_close(&export.out);
    source_close(&source);
    return err;
}

/* --- verify --- */

/* "57:8f3a5b0c11223344": a number and the first bytes of a mac. */
static int
parse_mark(const char *text, struct ph_audit_mark *mark, size_t *out_mac_len,
           struct ph_why *why)
{
    const char *colon = strchr(text, ':');
    const size_t hex_len = colon != NULL ? strlen(colon + 1) : 0;
    uint64_t number;

    if (colon == NULL || hex_len < 16 || hex_len > 2 * PH_AUDIT_MAC_BYTES ||
        hex_len % 2 != 0 ||
        ph_parse_u64_n(text, (size_t)(colon - text), 1, INT64_MAX, &number) !=
            PH_OK ||
        ph_parse_hex(colon + 1, mark->mac, hex_len / 2) != PH_OK)
        return ph_why_fail(why, PH_ERR_INVALID,
                           "--expect takes a record's number and chain as the "
                           "log has them, NUMBER:HEX");
    mark->number = (int64_t)number;
    *out_mac_len = hex_len / 2;
    return PH_OK;
}

static void
print_verdict(const struct ph_audit_verdict *verdict,
              const struct ph_audit_mark *expected)
{
    char chain[2 * PH_AUDIT_MAC_BYTES + 1];

    if (verdict->broken != 0) {
        (void)printf("The audit is broken at record %" PRId64 ": %s.\n"
                     "The %" PRIu64 " records before it that are kept hold.\n",
                     verdict->broken, verdict->fault.text, verdict->count);
        return;
    }
    ph_format_hex(verdict->last.mac, PH_AUDIT_MAC_BYTES, chain);
    if (verdict->count == 0)
        (void)printf("The audit is intact; every record was old enough to be "
                     "forgotten.\n");
    else
        (void)printf("The audit is intact: %" PRIu64 " records, %" PRId64
                     " to %" PRId64 ".\n",
                     verdict->count, verdict->first, verdict->last.number);
    (void)printf("The last is %" PRId64 ":%s\n", verdict->last.number, chain);
    if (expected != NULL)
        (void)printf("Record %" PRId64 " %s.\n", expected->number,
                     verdict->seen_expected ? "is the one that was expected"
                                            : "was old enough to be forgotten");
}

int
ph_audit_command_verify(const struct ph_config *config, const char *expect,
                        bool *out_is_intact, struct ph_why *why)
{
    struct source source = {NULL, NULL};
    struct ph_audit_verdict verdict = {.count = 0};
    struct ph_audit_mark mark = {.number = 0};
    const struct ph_audit_mark *expected = expect != NULL ? &mark : NULL;
    size_t mac_len = 0;
    int err = PH_OK;

    if (expect != NULL)
        err = parse_mark(expect, &mark, &mac_len, why);
    if (err == PH_OK)
        err = source_open(config, &source, why);
    if (err == PH_OK) {
        err = ph_audit_verify(source.catalogue, source.keys, expected, mac_len,
                              &verdict);
        if (err != PH_OK && verdict.broken == 0)
            (void)ph_why_fail(why, err, "cannot read the audit: %s",
                              ph_err_text(err));
        else
            err = PH_OK;
    }
    source_close(&source);
    if (err != PH_OK)
        return err;
    print_verdict(&verdict, expected);
    *out_is_intact = verdict.broken == 0;
    return PH_OK;
}
