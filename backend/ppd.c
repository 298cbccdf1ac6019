#include "ppd.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/utf8.h"

#define LOOK_BYTES (256 * 1024)
#define VALUE_MAX  64

/* The quoted value of a line. */
static void
take_nickname(const char *line, size_t len, struct ph_ppd *ppd)
{
    char raw[PH_TICKET_TEXT_MAX];
    const char *start = memchr(line, '"', len);
    const char *end;
    size_t n;

    if (start == NULL)
        return;
    start++;
    end = memchr(start, '"', len - (size_t)(start - line));
    if (end == NULL)
        return;
    n = (size_t)(end - start);
    if (n >= sizeof(raw))
        n = sizeof(raw) - 1;
    memcpy(raw, start, n);
    raw[n] = '\0';
    ph_utf8_clean(raw, ppd->nickname, sizeof(ppd->nickname));
}

static bool
is_word(const char *text)
{
    return text[0] != '\0' &&
           text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "abcdefghijklmnopqrstuvwxyz0123456789._-")] ==
               '\0';
}

/* "*DefaultDuplex: None", from behind the "*Default". */
static void
take_default(const char *line, size_t len, struct ph_ppd *ppd)
{
    static const char *const options[] = {
        "PageSize",       "Duplex",     "ColorModel", "cupsPrintQuality",
        "StapleLocation", "PunchHoles", "OutputBin",
    };
    char value[VALUE_MAX];
    size_t used = strlen(ppd->defaults);

    for (size_t i = 0; i < PH_COUNT(options); i++) {
        size_t name = strlen(options[i]);

        if (len <= name || len - name > VALUE_MAX || line[name] != ':' ||
            memcmp(line, options[i], name) != 0)
            continue;
        (void)snprintf(value, sizeof(value), "%.*s", (int)(len - name - 1),
                       line + name + 1);
        value[strcspn(value, "\r")] = '\0';
        if (!is_word(value + strspn(value, " \t")) ||
            used + name + VALUE_MAX + 2 > sizeof(ppd->defaults))
            return;
        (void)snprintf(ppd->defaults + used, sizeof(ppd->defaults) - used,
                       "%s%s=%s", used > 0 ? " " : "", options[i],
                       value + strspn(value, " \t"));
        return;
    }
}

void
ph_ppd_parse(const char *text, struct ph_ppd *out_ppd)
{
    memset(out_ppd, 0, sizeof(*out_ppd));
    while (*text != '\0') {
        size_t len = strcspn(text, "\r\n");

        if (len > 10 && memcmp(text, "*NickName:", 10) == 0)
            take_nickname(text, len, out_ppd);
        else if (len > 8 && memcmp(text, "*Default", 8) == 0)
            take_default(text + 8, len - 8, out_ppd);
        text += len;
        text += strspn(text, "\r\n");
    }
}

void
ph_ppd_read(const char *path, struct ph_ppd *out_ppd)
{
    char *text = NULL;
    size_t len = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    memset(out_ppd, 0, sizeof(*out_ppd));
    if (fd < 0)
        return;
    text = malloc(LOOK_BYTES + 1);
    if (text != NULL && ph_io_read_full(fd, text, LOOK_BYTES, &len) == PH_OK) {
        text[len] = '\0';
        ph_ppd_parse(text, out_ppd);
    }
    free(text);
    ph_io_close(&fd);
}
