/*
 * What a configuration profile forces for the domain org.printhold. Never run
 * on a Mac by this project's tests: it is compiled and linked, and runs over a
 * CoreFoundation of the tests' own. What is made of what it tells is
 * config_managed.c.
 */
#include "printhold/model/config_managed.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/wipe.h"

#if __has_include(<CoreFoundation/CoreFoundation.h>)
#include <CoreFoundation/CoreFoundation.h>
#else
/* What we use of it, where the compiler brings no frameworks. */
typedef unsigned char Boolean;
typedef long CFIndex;
typedef unsigned long CFTypeID;
typedef uint32_t CFStringEncoding;
typedef const void *CFTypeRef;
typedef CFTypeRef CFPropertyListRef, CFAllocatorRef;
typedef const struct opaque_string *CFStringRef;
typedef const struct opaque_dictionary *CFDictionaryRef;
typedef const struct opaque_array *CFArrayRef;
typedef const struct opaque_number *CFNumberRef;
typedef const struct opaque_boolean *CFBooleanRef;
typedef struct {
    CFIndex location, length;
} CFRange;
enum {
    kCFNumberSInt64Type = 4,
    kCFStringEncodingUTF8 = 0x08000100,
};
void CFRelease(CFTypeRef object);
CFTypeID CFGetTypeID(CFTypeRef object);
CFTypeID CFStringGetTypeID(void);
CFTypeID CFDictionaryGetTypeID(void);
CFTypeID CFArrayGetTypeID(void);
CFTypeID CFNumberGetTypeID(void);
CFTypeID CFBooleanGetTypeID(void);
CFStringRef CFStringCreateWithCString(CFAllocatorRef allocator,
                                      const char *text,
                                      CFStringEncoding encoding);
CFIndex CFStringGetLength(CFStringRef string);
CFIndex CFStringGetBytes(CFStringRef string, CFRange range,
                         CFStringEncoding encoding, uint8_t loss,
                         Boolean external, uint8_t *bytes, CFIndex cap,
                         CFIndex *used);
CFIndex CFDictionaryGetCount(CFDictionaryRef dictionary);
void CFDictionaryGetKeysAndValues(CFDictionaryRef dictionary, const void **keys,
                                  const void **values);
CFIndex CFArrayGetCount(CFArrayRef array);
const void *CFArrayGetValueAtIndex(CFArrayRef array, CFIndex at);
Boolean CFNumberIsFloatType(CFNumberRef number);
Boolean CFNumberGetValue(CFNumberRef number, long type, void *value);
Boolean CFBooleanGetValue(CFBooleanRef boolean);
CFPropertyListRef CFPreferencesCopyAppValue(CFStringRef key,
                                            CFStringRef application);
Boolean CFPreferencesAppValueIsForced(CFStringRef key, CFStringRef application);
#endif

#define KEYS_MAX 256 /* of one section */
#define KEY_MAX  64

/* --- one value as text --- */

/* All of it, without NUL inside. */
static bool
put_string(CFStringRef string, char *dst, size_t cap)
{
    const CFRange all = {0, CFStringGetLength(string)};
    CFIndex used = 0;

    if (CFStringGetBytes(string, all, kCFStringEncodingUTF8, 0, 0,
                         (uint8_t *)dst, (CFIndex)cap - 1,
                         &used) != all.length ||
        memchr(dst, '\0', (size_t)used) != NULL)
        return false;
    dst[used] = '\0';
    return true;
}

/* A fraction is no setting. */
static bool
put_number(CFNumberRef number, char *dst, size_t cap)
{
    int64_t value;

    if (CFNumberIsFloatType(number) ||
        !CFNumberGetValue(number, kCFNumberSInt64Type, &value))
        return false;
    (void)snprintf(dst, cap, "%" PRId64, value);
    return true;
}

static bool
put_single(CFTypeRef value, char *dst, size_t cap)
{
    const CFTypeID type = CFGetTypeID(value);

    if (type == CFStringGetTypeID())
        return put_string(value, dst, cap);
    if (type == CFNumberGetTypeID())
        return put_number(value, dst, cap);
    if (type != CFBooleanGetTypeID())
        return false;
    (void)snprintf(dst, cap, "%s", CFBooleanGetValue(value) ? "yes" : "no");
    return true;
}

/* A list has blanks between. */
static bool
put_value(CFTypeRef value, char *dst, size_t cap)
{
    size_t len = 0;

    if (CFGetTypeID(value) != CFArrayGetTypeID())
        return put_single(value, dst, cap);
    dst[0] = '\0';
    for (CFIndex i = 0; i < CFArrayGetCount(value); i++) {
        if (i > 0 && len + 2 < cap)
            dst[len++] = ' ';
        if (!put_single(CFArrayGetValueAtIndex(value, i), dst + len, cap - len))
            return false;
        len += strlen(dst + len);
    }
    return true;
}

/* --- a section --- */

/* NULL: it is not forced. The caller's to release. */
static CFTypeRef
copy_forced(const char *name)
{
    CFStringRef domain = CFStringCreateWithCString(NULL, PH_MANAGED_DOMAIN,
                                                   kCFStringEncodingUTF8);
    CFStringRef key =
        CFStringCreateWithCString(NULL, name, kCFStringEncodingUTF8);
    CFTypeRef value = NULL;

    if (domain != NULL && key != NULL &&
        CFPreferencesAppValueIsForced(key, domain))
        value = CFPreferencesCopyAppValue(key, domain);
    if (key != NULL)
        CFRelease(key);
    if (domain != NULL)
        CFRelease(domain);
    return value;
}

static int
tell_value(const char *section, CFTypeRef name, CFTypeRef object,
           ph_managed_cb take, void *arg)
{
    char key[KEY_MAX], text[PH_CONFIG_LINE_MAX];
    struct ph_managed_value value = {.section = section, .key = "?"};

    if (CFGetTypeID(name) == CFStringGetTypeID() &&
        put_string(name, key, sizeof(key)))
        value.key = key;
    if (put_value(object, text, sizeof(text)))
        value.text = text;
    return take(&value, arg);
}

static int
tell_section(const char *section, CFTypeRef object, ph_managed_cb take,
             void *arg)
{
    const struct ph_managed_value whole = {.section = section};
    const void *keys[KEYS_MAX], *values[KEYS_MAX];
    CFIndex count;
    int err = PH_OK;

    if (CFGetTypeID(object) != CFDictionaryGetTypeID() ||
        CFDictionaryGetCount(object) > KEYS_MAX)
        return take(&whole, arg);
    count = CFDictionaryGetCount(object);
    CFDictionaryGetKeysAndValues(object, keys, values);
    for (CFIndex i = 0; err == PH_OK && i < count; i++)
        err = tell_value(section, keys[i], values[i], take, arg);
    return err;
}

int
ph_managed_read(ph_managed_cb take, void *arg)
{
    size_t count;
    const struct ph_config_setting *table = ph_config_table(&count);
    int err = PH_OK;

    for (size_t i = 0; err == PH_OK && i < count; i++) {
        CFTypeRef object;

        if (i > 0 && strcmp(table[i - 1].section, table[i].section) == 0)
            continue;
        object = copy_forced(table[i].section);
        if (object == NULL)
            continue;
        err = tell_section(table[i].section, object, take, arg);
        CFRelease(object);
    }
    return err;
}

int
ph_managed_token(char *out_token, size_t cap)
{
    CFTypeRef object = copy_forced(PH_MANAGED_TOKEN);
    char text[PH_CONFIG_LINE_MAX];
    int err = PH_ERR_INVALID;

    if (object == NULL)
        return PH_ERR_NOT_FOUND;
    if (CFGetTypeID(object) == CFStringGetTypeID() &&
        put_string(object, text, sizeof(text)) && text[0] != '\0' &&
        strlen(text) < cap) {
        memcpy(out_token, text, strlen(text) + 1);
        err = PH_OK;
    }
    ph_wipe(text, sizeof(text));
    CFRelease(object);
    return err;
}
