/* Of a secret that was in JSON nothing stays in the memory of the process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "memory_count.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/wipe.h"
#include "printhold/proto/json.h"

#define MASK 0x01

/* Written so that the program itself does not have it. */
static const char masked[] = "bnssdbu,insrd/c`uudsx/ru`qmd/6520";

static void
unmask(char secret[sizeof(masked)])
{
    for (size_t i = 0; i < sizeof(masked) - 1; i++)
        secret[i] = (char)(masked[i] ^ MASK);
    secret[sizeof(masked) - 1] = '\0';
}

/* What a program does with it; each leaves nothing of its own behind. */
static json_t *kept;

static void
parse_it(struct ph_buf *text)
{
    json_t *root = NULL;

    assert_int_equal(ph_json_parse(text->data, text->len, 4096, &root), PH_OK);
    json_decref(root);
}

static void
parse_and_keep_it(struct ph_buf *text)
{
    assert_int_equal(ph_json_parse(text->data, text->len, 4096, &kept), PH_OK);
}

/* The text breaks off behind the secret. */
static void
parse_half_of_it(struct ph_buf *text)
{
    json_t *root = NULL;

    assert_int_equal(ph_json_parse(text->data, text->len - 1, 4096, &root),
                     PH_ERR_SYNTAX);
}

static void
make_and_write_it(struct ph_buf *text)
{
    char secret[sizeof(masked)];
    struct ph_buf buf;
    json_t *root;

    (void)text;
    unmask(secret);
    root = json_pack("{s:s}", "password", secret);
    ph_wipe(secret, sizeof(secret));
    ph_buf_init(&buf, 4096);
    assert_int_equal(ph_json_put(root, &buf), PH_OK);
    json_decref(root);
    ph_buf_close(&buf);
}

/* A process that had the secret and waits to be looked at. */
static pid_t
start(void (*use)(struct ph_buf *text), int *out_hold)
{
    int ready[2], hold[2];
    char secret[sizeof(masked)], byte;
    struct ph_buf text;
    pid_t pid;

    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(hold), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid > 0) {
        (void)close(ready[1]);
        (void)close(hold[0]);
        assert_int_equal(read(ready[0], &byte, 1), 1);
        (void)close(ready[0]);
        *out_hold = hold[1];
        return pid;
    }
    (void)close(hold[1]);
    ph_buf_init(&text, 4096);
    (void)ph_buf_put_str(&text, "{\"login\":\"a\",\"password\":\"");
    unmask(secret);
    (void)ph_buf_put_str(&text, secret);
    ph_wipe(secret, sizeof(secret));
    (void)ph_buf_put_str(&text, "\"}");
    use(&text);
    ph_buf_close(&text);
    _exit(write(ready[1], "", 1) == 1 && read(hold[0], &byte, 1) == 0 ? 0 : 1);
}

static unsigned long
copies_after(void (*use)(struct ph_buf *text))
{
    char secret[sizeof(masked)];
    unsigned long found = 0;
    int hold = -1, status = 0;
    pid_t pid = start(use, &hold);

    unmask(secret);
    assert_int_equal(
        ph_test_memory_count(pid, secret, sizeof(secret) - 1, &found), PH_OK);
    ph_wipe(secret, sizeof(secret));
    (void)close(hold);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    return found;
}

static void
what_is_freed_is_not_found_any_more(void **state)
{
    static void (*const uses[])(struct ph_buf *) = {parse_it, parse_half_of_it,
                                                    make_and_write_it};

    (void)state;
    assert_int_equal(copies_after(parse_and_keep_it), 1); /* we can search */
    for (size_t i = 0; i < PH_COUNT(uses); i++)
        if (copies_after(uses[i]) != 0)
            fail_msg("use %zu left a copy", i);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_freed_is_not_found_any_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
