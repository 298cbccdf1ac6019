/* Unit tests of config_managed_darwin.c, which is compiled here too, over a
 * CoreFoundation of our own with as much of it as the reader uses. It shows what
 * the reader asks and releases, not what a Mac answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/model/config_managed.h"

/* --- objects --- */

enum kind { TEXT = 1, DICTIONARY, ARRAY, INTEGER, FRACTION, BOOLEAN, DATA };

struct object {
    enum kind kind;
    const char *text;
    size_t len; /* of the text, which may have a NUL inside */
    int64_t number;
    const struct object *parts[8]; /* a dictionary's are key, value, ... */
    long count;                    /* instead of what parts has, unless 0 */
};

/* What was given to the caller and not released. */
static int owned;

static const struct forced {
    const char *name;
    const struct object *object;
    bool is_forced;
} * preferences;
static size_t preference_count;

#define STRING(literal)                                           \
    (const struct object)                                         \
    {                                                             \
        .kind = TEXT, .text = literal, .len = sizeof(literal) - 1 \
    }

static long
count_of(const struct object *object)
{
    long count = 0;

    if (object->count > 0)
        return object->count;
    while (count < 8 && object->parts[count] != NULL)
        count++;
    return object->kind == DICTIONARY ? count / 2 : count;
}

/* --- what the reader declares --- */

typedef struct {
    long location, length;
} CFRange;
void CFRelease(const void *object);
unsigned long CFGetTypeID(const void *object);
unsigned long CFStringGetTypeID(void);
unsigned long CFDictionaryGetTypeID(void);
unsigned long CFArrayGetTypeID(void);
unsigned long CFNumberGetTypeID(void);
unsigned long CFBooleanGetTypeID(void);
const void *CFStringCreateWithCString(const void *allocator, const char *text,
                                      uint32_t encoding);
long CFStringGetLength(const void *string);
long CFStringGetBytes(const void *string, CFRange range, uint32_t encoding,
                      uint8_t loss, unsigned char external, uint8_t *bytes,
                      long cap, long *used);
long CFDictionaryGetCount(const void *dictionary);
void CFDictionaryGetKeysAndValues(const void *dictionary, const void **keys,
                                  const void **values);
long CFArrayGetCount(const void *array);
const void *CFArrayGetValueAtIndex(const void *array, long at);
unsigned char CFNumberIsFloatType(const void *number);
unsigned char CFNumberGetValue(const void *number, long type, void *value);
unsigned char CFBooleanGetValue(const void *boolean);
const void *CFPreferencesCopyAppValue(const void *key, const void *application);
unsigned char CFPreferencesAppValueIsForced(const void *key,
                                            const void *application);

void
CFRelease(const void *object)
{
    const struct object *each = object;

    owned--;
    assert_true(owned >= 0);
    if (each->kind == TEXT && each->number == 1) { /* made by the reader */
        union {
            const void *from;
            void *to;
        } mine = {object};

        free(mine.to);
    }
}

unsigned long
CFGetTypeID(const void *object)
{
    const struct object *each = object;

    return each->kind == FRACTION ? INTEGER : each->kind;
}

unsigned long
CFStringGetTypeID(void)
{
    return TEXT;
}

unsigned long
CFDictionaryGetTypeID(void)
{
    return DICTIONARY;
}

unsigned long
CFArrayGetTypeID(void)
{
    return ARRAY;
}

unsigned long
CFNumberGetTypeID(void)
{
    return INTEGER;
}

unsigned long
CFBooleanGetTypeID(void)
{
    return BOOLEAN;
}

const void *
CFStringCreateWithCString(const void *allocator, const char *text,
                          uint32_t encoding)
{
    struct object *made = calloc(1, sizeof(*made));

    assert_null(allocator);
    assert_int_equal(encoding, 0x08000100);
    assert_non_null(made);
    *made = (struct object){
        .kind = TEXT, .text = text, .len = strlen(text), .number = 1};
    owned++;
    return made;
}

long
CFStringGetLength(const void *string)
{
    return (long)((const struct object *)string)->len;
}

/* Texts here are ASCII: as many bytes as characters. */
long
CFStringGetBytes(const void *string, CFRange range, uint32_t encoding,
                 uint8_t loss, unsigned char external, uint8_t *bytes, long cap,
                 long *used)
{
    const struct object *each = string;

    assert_int_equal(encoding, 0x08000100);
    assert_int_equal(loss + external, 0);
    assert_int_equal(range.location, 0);
    *used = range.length < cap ? range.length : cap;
    memcpy(bytes, each->text, (size_t)*used);
    return *used;
}

long
CFDictionaryGetCount(const void *dictionary)
{
    return count_of(dictionary);
}

void
CFDictionaryGetKeysAndValues(const void *dictionary, const void **keys,
                             const void **values)
{
    const struct object *each = dictionary;

    for (long i = 0; i < count_of(each); i++) {
        keys[i] = each->parts[2 * i];
        values[i] = each->parts[2 * i + 1];
    }
}

long
CFArrayGetCount(const void *array)
{
    return count_of(array);
}

const void *
CFArrayGetValueAtIndex(const void *array, long at)
{
    return ((const struct object *)array)->parts[at];
}

unsigned char
CFNumberIsFloatType(const void *number)
{
    return ((const struct object *)number)->kind == FRACTION;
}

unsigned char
CFNumberGetValue(const void *number, long type, void *value)
{
    assert_int_equal(type, 4);
    *(int64_t *)value = ((const struct object *)number)->number;
    return 1;
}

unsigned char
CFBooleanGetValue(const void *boolean)
{
    return ((const struct object *)boolean)->number != 0;
}

static const struct forced *
find(const void *key, const void *application)
{
    assert_string_equal(((const struct object *)application)->text,
                        "org.printhold");
    for (size_t i = 0; i < preference_count; i++)
        if (strcmp(preferences[i].name, ((const struct object *)key)->text) ==
            0)
            return &preferences[i];
    return NULL;
}

const void *
CFPreferencesCopyAppValue(const void *key, const void *application)
{
    const struct forced *found = find(key, application);

    if (found == NULL)
        return NULL;
    owned++;
    return found->object;
}

unsigned char
CFPreferencesAppValueIsForced(const void *key, const void *application)
{
    const struct forced *found = find(key, application);

    return found != NULL && found->is_forced;
}

/* --- the tests --- */

static void
set(const struct forced *list, size_t count)
{
    preferences = list;
    preference_count = count;
}

static char told[4096];

/* "section.key=text;" of each. */
static int
on_value(const struct ph_managed_value *value, void *arg)
{
    size_t len = strlen(told);

    (void)snprintf(told + len, sizeof(told) - len, "%s.%s=%s;", value->section,
                   value->key != NULL ? value->key : "(none)",
                   value->text != NULL ? value->text : "(none)");
    return arg != NULL ? *(int *)arg : PH_OK;
}

static void
expect(const char *want)
{
    told[0] = '\0';
    assert_int_equal(ph_managed_read(on_value, NULL), PH_OK);
    assert_string_equal(told, want);
    assert_int_equal(owned, 0);
}

static void
each_kind_of_value_becomes_the_text_of_a_file(void **state)
{
    const struct object number = {.kind = INTEGER, .number = -42},
                        yes = {.kind = BOOLEAN, .number = 1},
                        no = {.kind = BOOLEAN};
    const struct object list = {
        .kind = ARRAY,
        .parts = {&STRING("wss://a"), &STRING("wss://b"), &number}};
    const struct object empty = {.kind = ARRAY};
    const struct object jobs = {.kind = DICTIONARY,
                                .parts = {&STRING("retention"), &STRING("24h"),
                                          &STRING("history"), &number}};
    const struct object cloud = {
        .kind = DICTIONARY,
        .parts = {&STRING("url"), &list, &STRING("no_proxy"), &empty}};
    const struct object release = {
        .kind = DICTIONARY,
        .parts = {&STRING("offline_code"), &no, &STRING("other"), &yes}};
    const struct forced list_of[] = {{"jobs", &jobs, true},
                                     {"cloud", &cloud, true},
                                     {"release", &release, true}};

    (void)state;
    set(list_of, PH_COUNT(list_of));
    expect("jobs.retention=24h;jobs.history=-42;"
           "cloud.url=wss://a wss://b -42;cloud.no_proxy=;"
           "release.offline_code=no;release.other=yes;");
}

static void
what_no_setting_can_be_is_told_without_text(void **state)
{
    static char text[2000];
    const struct object fraction = {.kind = FRACTION}, data = {.kind = DATA};
    const struct object mixed = {.kind = ARRAY, .parts = {&STRING("a"), &data}};
    const struct object too_long = {
        .kind = TEXT, .text = text, .len = sizeof(text)};
    const struct object has_nul = STRING("a\0b");
    const struct object jobs = {.kind = DICTIONARY,
                                .parts = {&STRING("a"), &fraction, &STRING("b"),
                                          &data, &STRING("c"), &mixed,
                                          &STRING("d"), &too_long}};
    const struct object owner = {.kind = DICTIONARY,
                                 .parts = {&too_long, &has_nul}};
    const struct object crowd = {.kind = DICTIONARY, .count = 257};
    const struct forced list[] = {{"jobs", &jobs, true},
                                  {"owner", &owner, true},
                                  {"cloud", &STRING("text"), true},
                                  {"release", &crowd, true}};

    (void)state;
    memset(text, 'a', sizeof(text));
    set(list, PH_COUNT(list));
    expect("jobs.a=(none);jobs.b=(none);jobs.c=(none);jobs.d=(none);"
           "owner.?=(none);cloud.(none)=(none);release.(none)=(none);");
}

static void
what_is_not_forced_does_not_count(void **state)
{
    const struct object jobs = {.kind = DICTIONARY,
                                .parts = {&STRING("retention"), &STRING("1h")}};
    const struct forced list[] = {{"jobs", &jobs, false},
                                  {PH_MANAGED_TOKEN, &STRING("tok"), false}};
    char token[16] = "untouched";

    (void)state;
    set(list, PH_COUNT(list));
    expect("");
    assert_int_equal(ph_managed_token(token, sizeof(token)), PH_ERR_NOT_FOUND);
    assert_string_equal(token, "untouched");
    set(NULL, 0);
    expect("");
}

static void
an_error_ends_the_reading(void **state)
{
    const struct object jobs = {.kind = DICTIONARY,
                                .parts = {&STRING("retention"), &STRING("1h"),
                                          &STRING("history"), &STRING("2h")}};
    const struct forced list[] = {{"jobs", &jobs, true}};
    int err = PH_ERR_CONFIG;

    (void)state;
    set(list, PH_COUNT(list));
    told[0] = '\0';
    assert_int_equal(ph_managed_read(on_value, &err), PH_ERR_CONFIG);
    assert_string_equal(told, "jobs.retention=1h;");
    assert_int_equal(owned, 0);
}

static void
the_token_is_text_that_fits(void **state)
{
    const struct object number = {.kind = INTEGER, .number = 1};
    const struct {
        const char *name;
        struct object object;
        int err;
    } cases[] = {
        {"a token", STRING("abcdefgh"), PH_OK},
        {"as long as there is room", STRING("123456789012345"), PH_OK},
        {"one more", STRING("1234567890123456"), PH_ERR_INVALID},
        {"empty", STRING(""), PH_ERR_INVALID},
        {"NUL inside", STRING("abc\0def"), PH_ERR_INVALID},
        {"a number", number, PH_ERR_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        const struct forced list[] = {
            {PH_MANAGED_TOKEN, &cases[i].object, true}};
        char token[16] = "untouched";

        set(list, 1);
        if (ph_managed_token(token, sizeof(token)) != cases[i].err)
            fail_msg("%s", cases[i].name);
        assert_string_equal(token, cases[i].err == PH_OK ? cases[i].object.text
                                                         : "untouched");
        assert_int_equal(owned, 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_value_becomes_the_text_of_a_file),
        cmocka_unit_test(what_no_setting_can_be_is_told_without_text),
        cmocka_unit_test(what_is_not_forced_does_not_count),
        cmocka_unit_test(an_error_ends_the_reading),
        cmocka_unit_test(the_token_is_text_that_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
