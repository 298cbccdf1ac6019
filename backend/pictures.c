#include "pictures.h"

#include <string.h>

static const char keyword[] = "stream";
#define KEYWORD_LEN (sizeof(keyword) - 1)

static bool
is_space(int c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' ||
           c == '\0';
}

static bool
is_digit(int c)
{
    return c >= '0' && c <= '9';
}

/* --- the dictionary --- */

/* Text that ends with a dictionary; the part from its object's "obj" on. */
static const char *
dictionary_of(char *text)
{
    char *start = text, *found;

    while ((found = strstr(start, "obj")) != NULL)
        start = found + 3;
    return start == text ? NULL : start;
}

/* The number behind the only "/Length " of the dictionary; 0 for none. */
static uint64_t
direct_length(const char *dictionary)
{
    static const char name[] = "/Length";
    uint64_t length = 0;
    const char *pos = NULL;

    for (const char *c = dictionary; (c = strstr(c, name)) != NULL; c++) {
        if (!is_space(c[sizeof(name) - 1]))
            continue; /* /Length1 of a font */
        if (pos != NULL)
            return 0;
        pos = c + sizeof(name) - 1;
    }
    if (pos == NULL)
        return 0;
    while (is_space(*pos) && *pos != '\0')
        pos++;
    for (size_t digits = 0; is_digit(*pos); pos++, digits++) {
        if (digits == 15)
            return 0;
        length = 10 * length + (uint64_t)(*pos - '0');
    }
    while (is_space(*pos) && *pos != '\0')
        pos++;
    return is_digit(*pos) ? 0 : length; /* "12 0 R" is a reference */
}

static bool
is_picture(const char *dictionary)
{
    return (strstr(dictionary, "/Subtype /Image") != NULL ||
            strstr(dictionary, "/Subtype/Image") != NULL) &&
           strstr(dictionary, "/ObjStm") == NULL &&
           strstr(dictionary, "/XRef") == NULL;
}

/* The bytes end with ">>" and white space: how long is the data behind? */
static uint64_t
length_behind(const uint8_t *bytes, size_t len)
{
    char text[PH_PICTURES_BEFORE + 1];
    const char *dictionary;
    uint64_t length;

    while (len > 0 && is_space(bytes[len - 1]))
        len--;
    if (len < 2 || memcmp(bytes + len - 2, ">>", 2) != 0)
        return 0;
    for (size_t i = 0; i < len; i++) /* one text, whatever is in it */
        text[i] = bytes[i] == '\0' ? ' ' : (char)bytes[i];
    text[len] = '\0';
    dictionary = dictionary_of(text);
    if (dictionary == NULL || !is_picture(dictionary))
        return 0;
    length = direct_length(dictionary);
    return length >= PH_PICTURES_LENGTH_MIN ? length : 0;
}

/* --- the document --- */

/* Note the last bytes that were kept. */
static void
remember(struct ph_pictures *p, const uint8_t *bytes, size_t len)
{
    size_t old = PH_PICTURES_BEFORE;

    if (len > PH_PICTURES_BEFORE) {
        bytes += len - PH_PICTURES_BEFORE;
        len = PH_PICTURES_BEFORE;
    }
    old -= len;
    if (old > p->before_len)
        old = p->before_len;
    memmove(p->before, p->before + p->before_len - old, old);
    memcpy(p->before + old, bytes, len);
    p->before_len = old + len;
}

/* What stands before bytes[at], from earlier calls too. */
static uint64_t
length_before(const struct ph_pictures *p, const uint8_t *bytes, size_t at)
{
    uint8_t window[PH_PICTURES_BEFORE];
    size_t new_len = at < sizeof(window) ? at : sizeof(window);
    size_t old_len = sizeof(window) - new_len;

    if (old_len > p->before_len)
        old_len = p->before_len;
    memcpy(window, p->before + p->before_len - old_len, old_len);
    memcpy(window + old_len, bytes + at - new_len, new_len);
    return length_behind(window, old_len + new_len);
}

/* Bytes of the line end behind the keyword (7.3.8.1); 0 when there is none
 * here, maybe because the rest has not come. */
static size_t
line_end(const uint8_t *bytes, size_t len)
{
    if (len >= 1 && bytes[0] == '\n')
        return 1;
    return len >= 2 && bytes[0] == '\r' && bytes[1] == '\n' ? 2 : 0;
}

/* How many bytes are needed; fewer than all when a picture begins there. A
 * keyword that these bytes cut in two is not seen, and the picture kept. */
static size_t
find_picture(struct ph_pictures *p, const uint8_t *bytes, size_t len)
{
    size_t pos = 0;

    while (pos < len) {
        const uint8_t *found =
            memmem(bytes + pos, len - pos, keyword, KEYWORD_LEN);
        size_t at, end;

        if (found == NULL)
            break;
        at = (size_t)(found - bytes);
        pos = at + KEYWORD_LEN;
        end = line_end(bytes + pos, len - pos);
        if (end == 0)
            continue;
        p->skip = length_before(p, bytes, at);
        if (p->skip > 0)
            return pos + end;
    }
    return len;
}

static size_t
check_after(struct ph_pictures *p, const uint8_t *bytes, size_t len)
{
    size_t take = PH_PICTURES_AFTER - p->after_len, start = 0;

    if (take > len)
        take = len;
    memcpy(p->after + p->after_len, bytes, take);
    p->after_len += take;
    if (p->after_len < PH_PICTURES_AFTER)
        return take;
    while (start < 2 && (p->after[start] == '\r' || p->after[start] == '\n'))
        start++;
    if (memcmp(p->after + start, "endstream", 9) != 0)
        p->is_doubtful = true;
    p->is_after = false;
    p->after_len = 0;
    return take;
}

size_t
ph_pictures_next(struct ph_pictures *p, const uint8_t *bytes, size_t len,
                 bool *out_keep)
{
    size_t n;

    *out_keep = p->skip == 0;
    if (p->skip > 0) {
        n = p->skip < len ? (size_t)p->skip : len;
        p->skip -= n;
        p->is_after = p->skip == 0;
        return n;
    }
    n = p->is_after ? check_after(p, bytes, len) : find_picture(p, bytes, len);
    remember(p, bytes, n);
    return n;
}
