#include "pagecount.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "pdf_maker.h"
#include "printhold/base/attr.h"
#include "printhold/base/buf.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "scratch.h"

#define ROOM (8 * 1024 * 1024)

static struct ph_config config;

static int
setup(void **state)
{
    (void)state;
    ph_config_init(&config);
    (void)snprintf(config.pagecount_program, sizeof(config.pagecount_program),
                   "%s", PH_PAGECOUNT);
    (void)signal(SIGPIPE, SIG_IGN);
    return 0;
}

static void
end_counter(pid_t pid)
{
    if (pid <= 0)
        return;
    (void)kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
make_pdf(struct ph_buf *pdf)
{
    ph_buf_init(pdf, ROOM);
    assert_int_equal(pdf_make(pdf, 3, 100000, "App", NULL), 0);
}

static void
a_document_in_pieces_is_counted(void **state)
{
    struct ph_pagecount_answer answer;
    struct ph_pagecount pc;
    struct ph_buf pdf;
    pid_t pid;

    (void)state;
    make_pdf(&pdf);
    ph_pagecount_open(&pc, &config, -1);
    pid = ph_pagecount_spawn(&pc, config.pagecount_program);
    assert_true(pid > 0);
    ph_io_close(&pc.child_sock);
    for (size_t at = 0; at < pdf.len; at += 7001) {
        ph_pagecount_add(&pc, pdf.data + at,
                         pdf.len - at < 7001 ? pdf.len - at : 7001);
        if (at == 0)
            ph_pagecount_kind(&pc, PH_SNIFF_PDF);
    }
    ph_pagecount_ask(&pc);
    assert_int_equal(ph_pagecount_answer(&pc, 20000, &answer), PH_OK);
    assert_int_equal(answer.status, PH_PAGECOUNT_COUNTED);
    assert_int_equal(answer.pages, 3);
    assert_string_equal(answer.creator, "App");
    ph_pagecount_close(&pc);
    end_counter(pid);
    ph_buf_close(&pdf);
}

/* What the counter does not need takes no memory, and the count is right. */
static void
pictures_are_left_out(void **state)
{
    const size_t picture = 4 * 1024 * 1024;
    struct ph_pagecount_answer answer;
    struct ph_pagecount pc;
    struct ph_buf pdf;
    struct stat st;
    pid_t pid;

    (void)state;
    ph_buf_init(&pdf, ROOM);
    assert_int_equal(
        pdf_make_of(&pdf, "/Subtype/Image", 3, picture, "App", NULL), 0);
    ph_pagecount_open(&pc, &config, -1);
    pid = ph_pagecount_spawn(&pc, config.pagecount_program);
    ph_io_close(&pc.child_sock);
    ph_pagecount_kind(&pc, PH_SNIFF_PDF);
    for (size_t at = 0; at < pdf.len; at += 65536)
        ph_pagecount_add(&pc, pdf.data + at,
                         pdf.len - at < 65536 ? pdf.len - at : 65536);
    assert_int_equal(fstat(pc.document, &st), 0);
    assert_int_equal(st.st_size, pdf.len);
#ifdef __linux__
    assert_in_range(st.st_blocks * 512, 1, picture / 10);
#endif
    ph_pagecount_ask(&pc);
    assert_int_equal(ph_pagecount_answer(&pc, 20000, &answer), PH_OK);
    assert_int_equal(answer.status, PH_PAGECOUNT_COUNTED);
    assert_int_equal(answer.pages, 3);
    assert_string_equal(answer.creator, "App");
    ph_pagecount_close(&pc);
    end_counter(pid);
    ph_buf_close(&pdf);
}

static void
a_file_is_counted_without_a_copy(void **state)
{
    struct ph_pagecount_answer answer;
    struct ph_pagecount pc;
    struct scratch scratch;
    struct ph_buf pdf;
    char path[300];
    int fd;
    pid_t pid;

    (void)state;
    scratch_make(&scratch);
    make_pdf(&pdf);
    (void)snprintf(path, sizeof(path), "%s/pdf", scratch.path);
    scratch_write(path, pdf.data, pdf.len);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    ph_pagecount_open(&pc, &config, fd);
    assert_false(pc.is_filling);
    pid = ph_pagecount_spawn(&pc, config.pagecount_program);
    ph_io_close(&pc.child_sock);
    ph_pagecount_add(&pc, pdf.data, pdf.len);
    ph_pagecount_kind(&pc, PH_SNIFF_PDF);
    ph_pagecount_ask(&pc);
    assert_int_equal(ph_pagecount_answer(&pc, 20000, &answer), PH_OK);
    assert_int_equal(answer.pages, 3);
    ph_pagecount_close(&pc);
    end_counter(pid);
    ph_io_close(&fd);
    ph_buf_close(&pdf);
    scratch_remove(&scratch);
}

/* A counter that is a shell script: what a taken-over counter could do. */
static int
answer_of_script(const char *script, int timeout_ms,
                 struct ph_pagecount_answer *out_answer)
{
    struct ph_pagecount pc;
    struct scratch scratch;
    char path[300], text[600];
    pid_t pid;
    int err;

    scratch_make(&scratch);
    (void)snprintf(path, sizeof(path), "%s/counter", scratch.path);
    (void)snprintf(text, sizeof(text), "#!/bin/sh\nPATH=/usr/bin:/bin\n%s\n",
                   script);
    scratch_write(path, text, strlen(text));
    assert_int_equal(chmod(path, 0755), 0);
    ph_pagecount_open(&pc, &config, -1);
    pid = ph_pagecount_spawn(&pc, path);
    assert_true(pid > 0);
    ph_io_close(&pc.child_sock);
    ph_pagecount_add(&pc, (const uint8_t *)"%PDF-1.4", 8);
    ph_pagecount_kind(&pc, PH_SNIFF_PDF);
    ph_pagecount_ask(&pc);
    err = ph_pagecount_answer(&pc, timeout_ms, out_answer);
    ph_pagecount_close(&pc);
    end_counter(pid);
    scratch_remove(&scratch);
    return err;
}

static void
a_counter_that_misbehaves_gives_no_count(void **state)
{
    static const struct {
        const char *what;
        const char *script;
        int err;
    } cases[] = {
        {"hangs", "exec cat >/dev/null", PH_ERR_TIMEOUT},
        {"ends after reading", "head -c 32 >/dev/null", PH_ERR_CLOSED},
        {"answers too little", "printf x >&0; head -c 32 >/dev/null",
         PH_ERR_CLOSED},
        {"answers zeros", "head -c 4096 /dev/zero >&0; cat >/dev/null",
         PH_ERR_PROTOCOL},
        {"answers noise", "head -c 4096 /dev/urandom >&0; cat >/dev/null",
         PH_ERR_PROTOCOL},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_pagecount_answer answer;
        int err = answer_of_script(cases[i].script,
                                   cases[i].err == PH_ERR_TIMEOUT ? 100 : 20000,
                                   &answer);

        /* One that ends early may be noticed while asking. */
        if (err != cases[i].err &&
            !(cases[i].err == PH_ERR_CLOSED && err == PH_ERR_NOT_FOUND))
            fail_msg("%s: %d", cases[i].what, err);
    }
}

/* Put a made-up answer on the socket. */
static int
answer_of_bytes(const struct ph_pagecount_answer *made,
                struct ph_pagecount_answer *out_answer)
{
    struct ph_pagecount pc;
    int err;

    ph_pagecount_open(&pc, &config, -1);
    assert_true(pc.child_sock >= 0);
    assert_int_equal(ph_io_write_full(pc.child_sock, made, sizeof(*made)),
                     PH_OK);
    ph_pagecount_kind(&pc, PH_SNIFF_PDF);
    ph_pagecount_ask(&pc);
    err = ph_pagecount_answer(&pc, 1000, out_answer);
    ph_pagecount_close(&pc);
    return err;
}

static void
an_answer_is_checked_and_its_text_cleaned(void **state)
{
    const struct ph_pagecount_answer good = {
        .magic = PH_PAGECOUNT_MAGIC,
        .status = PH_PAGECOUNT_COUNTED,
        .pages = 3,
    };
    struct ph_pagecount_answer made = good, answer;

    (void)state;
    memset(made.creator, 'x', sizeof(made.creator)); /* not ended */
    memcpy(made.producer, "a\nb\xff", 5);
    assert_int_equal(answer_of_bytes(&made, &answer), PH_OK);
    assert_int_equal(strlen(answer.creator), PH_PAGECOUNT_TEXT_MAX - 1);
    assert_string_equal(answer.producer, "a b\xef\xbf\xbd");

    made = good;
    made.magic++;
    assert_int_equal(answer_of_bytes(&made, &answer), PH_ERR_PROTOCOL);
    made = good;
    made.status = 9;
    assert_int_equal(answer_of_bytes(&made, &answer), PH_ERR_PROTOCOL);
    made = good;
    made.pages = -1;
    assert_int_equal(answer_of_bytes(&made, &answer), PH_ERR_PROTOCOL);
    made.pages = PH_PAGECOUNT_PAGES_MAX + 1;
    assert_int_equal(answer_of_bytes(&made, &answer), PH_ERR_PROTOCOL);
}

static void
nothing_is_counted_without_a_program(void **state)
{
    struct ph_pagecount_answer answer;
    struct ph_pagecount pc;

    (void)state;
    config.pagecount_program[0] = '\0';
    ph_pagecount_open(&pc, &config, -1);
    assert_int_equal(pc.sock, -1);
    assert_int_equal(ph_pagecount_spawn(&pc, ""), -1);
    ph_pagecount_add(&pc, (const uint8_t *)"x", 1);
    ph_pagecount_kind(&pc, PH_SNIFF_PDF);
    ph_pagecount_ask(&pc);
    assert_int_equal(ph_pagecount_answer(&pc, 1000, &answer), PH_ERR_NOT_FOUND);
    ph_pagecount_close(&pc);
}

static void
kinds_without_pages_and_large_documents_end_the_counting(void **state)
{
    struct ph_pagecount pc;

    (void)state;
    ph_pagecount_open(&pc, &config, -1);
    ph_pagecount_kind(&pc, PH_SNIFF_JPEG);
    assert_int_equal(pc.sock, -1);
    ph_pagecount_close(&pc);

    config.pagecount_document_max = 10;
    ph_pagecount_open(&pc, &config, -1);
    ph_pagecount_add(&pc, (const uint8_t *)"0123456789", 10);
    assert_true(pc.sock >= 0);
    ph_pagecount_add(&pc, (const uint8_t *)"x", 1);
    assert_int_equal(pc.sock, -1);
    ph_pagecount_close(&pc);
}

static void
too_little_memory_makes_the_pages_unknown(void **state)
{
    struct ph_pagecount_answer answer;
    struct ph_pagecount pc;
    struct ph_buf pdf;
    pid_t pid;
    int err;

    (void)state;
    make_pdf(&pdf);
    config.pagecount_memory_max = 1024 * 1024;
    ph_pagecount_open(&pc, &config, -1);
    pid = ph_pagecount_spawn(&pc, config.pagecount_program);
    ph_io_close(&pc.child_sock);
    ph_pagecount_add(&pc, pdf.data, pdf.len);
    ph_pagecount_kind(&pc, PH_SNIFF_PDF);
    ph_pagecount_ask(&pc);
    err = ph_pagecount_answer(&pc, 20000, &answer);
#ifndef PH_SANITIZED /* there the limit is not set */
    assert_int_equal(err, PH_ERR_CLOSED);
#else
    assert_int_equal(err, PH_OK);
#endif
    ph_pagecount_close(&pc);
    end_counter(pid);
    ph_buf_close(&pdf);
}

#ifdef __linux__
static bool
status_has(pid_t pid, const char *line)
{
    char path[64], text[8192];
    FILE *file;
    size_t len;

    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    file = fopen(path, "r");
    assert_non_null(file);
    len = fread(text, 1, sizeof(text) - 1, file);
    (void)fclose(file);
    text[len] = '\0';
    return strstr(text, line) != NULL;
}

/* SR-12; what it cannot do then: test_confine.c. */
static void
the_counter_is_confined_before_it_gets_the_document(void **state)
{
    int64_t end_ms = ph_clock_mono_ms() + 20000;
    struct ph_pagecount pc;
    pid_t pid;

    (void)state;
    ph_pagecount_open(&pc, &config, -1);
    pid = ph_pagecount_spawn(&pc, config.pagecount_program);
    ph_io_close(&pc.child_sock);
    ph_pagecount_kind(&pc, PH_SNIFF_PDF);
    /* Never asked: it waits in its box. */
    while (!status_has(pid, "Seccomp:\t2")) {
        assert_true(ph_clock_mono_ms() < end_ms);
        (void)poll(NULL, 0, 2);
    }
    assert_true(status_has(pid, "NoNewPrivs:\t1"));
    ph_pagecount_close(&pc);
    assert_int_equal(waitpid(pid, NULL, 0), pid); /* ends by itself */
}
#endif

#define T(name) cmocka_unit_test_setup(name, setup)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_document_in_pieces_is_counted),
        T(pictures_are_left_out),
        T(a_file_is_counted_without_a_copy),
        T(a_counter_that_misbehaves_gives_no_count),
        T(an_answer_is_checked_and_its_text_cleaned),
        T(nothing_is_counted_without_a_program),
        T(kinds_without_pages_and_large_documents_end_the_counting),
        T(too_little_memory_makes_the_pages_unknown),
#ifdef __linux__
        T(the_counter_is_confined_before_it_gets_the_document),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
