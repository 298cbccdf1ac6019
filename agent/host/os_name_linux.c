#include "os_name.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/utf8.h"

#define FILE_BYTES_MAX 16384

/* The value as a shell would take it: bare, or in one kind of quotes, with
 * backslashes in double ones. false: something else. */
static bool
take_value(const char *text, size_t len, char dst[PH_OS_NAME_MAX])
{
    char quote = len > 0 && (text[0] == '"' || text[0] == '\'') ? text[0] : 0;
    char raw[PH_OS_NAME_MAX];
    size_t used = 0, i = quote != 0;

    for (; i < len && text[i] != quote; i++) {
        if (text[i] == '\\' && quote == '"' && i + 1 < len)
            i++;
        if (used + 1 >= sizeof(raw))
            return false;
        raw[used++] = text[i];
    }
    raw[used] = '\0';
    if (quote != 0 && i + 1 != len)
        return false;
    ph_utf8_clean(raw, dst, PH_OS_NAME_MAX);
    return true;
}

static void
take_line(const char *line, size_t len, struct ph_os_name *name)
{
    static const char name_is[] = "NAME=", version_is[] = "VERSION_ID=";
    char value[PH_OS_NAME_MAX];

    if (len >= sizeof(name_is) - 1 &&
        memcmp(line, name_is, sizeof(name_is) - 1) == 0 &&
        take_value(line + sizeof(name_is) - 1, len - (sizeof(name_is) - 1),
                   value))
        memcpy(name->name, value, sizeof(value));
    else if (len >= sizeof(version_is) - 1 &&
             memcmp(line, version_is, sizeof(version_is) - 1) == 0 &&
             take_value(line + sizeof(version_is) - 1,
                        len - (sizeof(version_is) - 1), value))
        memcpy(name->version, value, sizeof(value));
}

void
ph_os_release_parse(const char *text, struct ph_os_name *name)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");

        take_line(text, len, name);
        text += len + (text[len] == '\n');
    }
}

void
ph_os_name(struct ph_os_name *out_name)
{
    struct ph_os_name name = {"", ""};
    struct utsname kernel;
    struct ph_buf text;

    if (uname(&kernel) == 0) {
        (void)snprintf(name.name, sizeof(name.name), "%.63s", kernel.sysname);
        (void)snprintf(name.version, sizeof(name.version), "%.63s",
                       kernel.release);
    }
    if (ph_io_read_file(AT_FDCWD, "/etc/os-release", FILE_BYTES_MAX, &text) ==
        PH_OK) {
        const char *string = ph_buf_str(&text);

        if (string != NULL)
            ph_os_release_parse(string, &name);
        ph_buf_close(&text);
    }
    *out_name = name;
}
