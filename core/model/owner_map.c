#include "printhold/model/owner_map.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>

#include "config_value.h"
#include "printhold/base/buf.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/utf8.h"

struct entry {
    const char *account;
    const char *login; /* empty: none */
    unsigned line;
};

struct ph_owner_map {
    char *text; /* what the entries point into */
    struct entry *entries;
    size_t count, cap;
};

struct place {
    const char *name;
    unsigned line;
    struct ph_findings *findings; /* NULL: the first mistake is the last */
};

void
ph_owner_map_free(struct ph_owner_map *map)
{
    if (map == NULL)
        return;
    free(map->entries);
    free(map->text);
    free(map);
}

static int
fail(const struct place *place, const char *what, struct ph_why *why)
{
    struct ph_why whole;

    ph_why_set(&whole, "%s:%u: %s", place->name, place->line, what);
    if (place->findings != NULL) {
        ph_findings_add(place->findings, place->name, place->line, &whole);
        return PH_OK;
    }
    return ph_why_fail(why, PH_ERR_CONFIG, "%s", whole.text);
}

/* ASCII only: logins of other scripts are left as they are. */
static void
lower(char *text)
{
    for (; *text != '\0'; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text - 'A' + 'a');
}

static int
add(struct ph_owner_map *map, const struct entry *entry)
{
    size_t cap = map->cap > 0 ? 2 * map->cap : 64;
    struct entry *entries;

    if (map->count == map->cap) {
        entries = realloc(map->entries, cap * sizeof(*entries));
        if (entries == NULL)
            return PH_ERR_NOMEM;
        map->entries = entries;
        map->cap = cap;
    }
    map->entries[map->count++] = *entry;
    return PH_OK;
}

/* "account = login"; the line is ours to cut up. */
static int
take_entry(struct ph_owner_map *map, const struct place *place, char *line,
           struct ph_why *why)
{
    struct entry entry = {.line = place->line};
    char *equals = strchr(line, '='), *account, *login;

    if (equals == NULL)
        return fail(place, "must be 'account = login'", why);
    *equals = '\0';
    account = ph_config_trim(line);
    login = ph_config_trim(equals + 1);
    if (account[0] == '\0')
        return fail(place, "there is no account before the '='", why);
    if (login[0] == '\0')
        return fail(place,
                    "there is no login behind the '='; write - for an account "
                    "without one",
                    why);
    if (strlen(account) > PH_OWNER_MAP_NAME_MAX ||
        strlen(login) > PH_OWNER_MAP_NAME_MAX)
        return fail(place, "account or login is longer than 255 bytes", why);
    if (strpbrk(login, " \t=") != NULL)
        return fail(place, "a login is one word, without blanks and '='", why);
    if (map->count == PH_OWNER_MAP_COUNT_MAX)
        return fail(place, "more than 20000 accounts", why);
    lower(login);
    entry.account = account;
    entry.login = strcmp(login, "-") == 0 ? "" : login;
    if (add(map, &entry) != PH_OK)
        return ph_why_fail(why, PH_ERR_NOMEM, "out of memory");
    return PH_OK;
}

/* A line of len bytes, ended with NUL in place. */
static int
take_line(struct ph_owner_map *map, const struct place *place, char *line,
          size_t len, struct ph_why *why)
{
    char clean[PH_OWNER_MAP_LINE_MAX + 1];

    if (len > PH_OWNER_MAP_LINE_MAX)
        return fail(place, "line is longer than 1024 bytes", why);
    if (memchr(line, '\0', len) != NULL)
        return fail(place, "not text: there is a NUL in it", why);
    for (char *tab = line; (tab = strchr(tab, '\t')) != NULL; tab++)
        *tab = ' ';
    line = ph_config_trim(line);
    ph_utf8_clean(line, clean, sizeof(clean));
    if (strcmp(line, clean) != 0)
        return fail(place, "not UTF-8 text, or control characters in it", why);
    if (line[0] == '\0' || line[0] == '#' || line[0] == ';')
        return PH_OK;
    return take_entry(map, place, line, why);
}

static int
take_lines(struct ph_owner_map *map, struct place *place, char *text,
           size_t len, struct ph_why *why)
{
    int err = PH_OK;

    while (err == PH_OK && len > 0) {
        char *end = memchr(text, '\n', len);
        size_t line = end != NULL ? (size_t)(end - text) : len;
        size_t used = line + (end != NULL);

        place->line++;
        if (line > 0 && text[line - 1] == '\r')
            line--;
        text[line] = '\0';
        err = take_line(map, place, text, line, why);
        text += used;
        len -= used;
    }
    return err;
}

static int
by_account(const void *a, const void *b)
{
    const struct entry *one = a, *two = b;
    const int order = strcmp(one->account, two->account);

    return order != 0 ? order
                      : (one->line > two->line) - (one->line < two->line);
}

static int
sort(struct ph_owner_map *map, struct place *place, struct ph_why *why)
{
    const struct entry *entries = map->entries;
    struct ph_why what;
    int err = PH_OK;

    if (map->count > 0)
        qsort(map->entries, map->count, sizeof(*map->entries), by_account);
    for (size_t i = 1; err == PH_OK && i < map->count; i++) {
        if (strcmp(entries[i - 1].account, entries[i].account) != 0)
            continue;
        place->line = entries[i].line;
        ph_why_set(&what, "account %.40s stands in line %u already",
                   entries[i].account, entries[i - 1].line);
        err = fail(place, what.text, why);
    }
    return err;
}

static int
parse(struct place *place, const char *text, size_t len,
      struct ph_owner_map **out_map, struct ph_why *why)
{
    static const char mark[] = "\xef\xbb\xbf";
    struct ph_owner_map *map;
    int err;

    if (len > PH_OWNER_MAP_FILE_MAX)
        return ph_why_fail(why, PH_ERR_CONFIG, "%s: larger than %d bytes",
                           place->name, PH_OWNER_MAP_FILE_MAX);
    if (len >= 3 && memcmp(text, mark, 3) == 0) {
        text += 3;
        len -= 3;
    }
    map = calloc(1, sizeof(*map));
    if (map != NULL)
        map->text = malloc(len + 1);
    if (map == NULL || map->text == NULL) {
        ph_owner_map_free(map);
        return ph_why_fail(why, PH_ERR_NOMEM, "out of memory");
    }
    if (len > 0)
        memcpy(map->text, text, len);
    err = take_lines(map, place, map->text, len, why);
    if (err == PH_OK)
        err = sort(map, place, why);
    if (err != PH_OK) {
        ph_owner_map_free(map);
        return err;
    }
    *out_map = map;
    return PH_OK;
}

int
ph_owner_map_parse(const char *name, const char *text, size_t len,
                   struct ph_owner_map **out_map, struct ph_why *why)
{
    struct place place = {.name = name};

    return parse(&place, text, len, out_map, why);
}

static int
load(struct place *place, struct ph_owner_map **out_map, struct stat *out_stat,
     struct ph_why *why)
{
    const char *path = place->name;
    struct ph_buf buf;
    uint8_t *room;
    size_t len = 0;
    /* O_NONBLOCK: a planted FIFO must not block the open. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int err;

    if (fd < 0)
        return ph_why_fail(why, ph_err_from_errno(errno), "%s: %s", path,
                           strerror(errno));
    ph_buf_init(&buf, PH_OWNER_MAP_FILE_MAX + 1);
    err =
        ph_config_check_rights(fd, path, PH_OWNER_MAP_FILE_MAX, out_stat, why);
    if (err != PH_OK)
        goto out;
    room = ph_buf_reserve(&buf, buf.max);
    err =
        room == NULL ? PH_ERR_NOMEM : ph_io_read_full(fd, room, buf.max, &len);
    if (err != PH_OK) {
        ph_why_set(why, "%s: %s", path, ph_err_text(err));
        goto out;
    }
    err = parse(place, (const char *)room, len, out_map, why);
out:
    ph_buf_close(&buf);
    ph_io_close(&fd);
    return err;
}

int
ph_owner_map_load(const char *path, struct ph_owner_map **out_map,
                  struct stat *out_stat, struct ph_why *why)
{
    struct place place = {.name = path};

    return load(&place, out_map, out_stat, why);
}

void
ph_owner_map_check(const char *path, struct ph_findings *findings)
{
    struct place place = {.name = path, .findings = findings};
    struct ph_owner_map *map = NULL;
    struct ph_why why;
    struct stat st;

    if (load(&place, &map, &st, &why) != PH_OK)
        ph_findings_add(findings, path, 0, &why);
    ph_owner_map_free(map);
}

const char *
ph_owner_map_find(const struct ph_owner_map *map, const char *account)
{
    size_t low = 0, high = map != NULL ? map->count : 0;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(account, map->entries[middle].account);

        if (order == 0)
            return map->entries[middle].login;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

size_t
ph_owner_map_count(const struct ph_owner_map *map)
{
    return map != NULL ? map->count : 0;
}
