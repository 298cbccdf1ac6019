#include "pagecount.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "docmem.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/utf8.h"

#define DESCRIPTOR_MIN 10

static void
stop_counting(struct ph_pagecount *pc)
{
    ph_io_close(&pc->sock);
    if (pc->is_filling)
        ph_docmem_drop(pc->document);
    pc->is_filling = false;
}

void
ph_pagecount_open(struct ph_pagecount *pc, const struct ph_config *config,
                  int input)
{
    int memory = -1;
    int pair[2];

    *pc = (struct ph_pagecount){
        .sock = -1,
        .child_sock = -1,
        .document = -1,
        .max = config->pagecount_document_max,
        .memory_max = config->pagecount_memory_max,
        .cpu_s = config->pagecount_cpu_s,
    };
    if (config->pagecount_program[0] == '\0' || pc->max == 0)
        return;
    if (input < 0 && ph_docmem_new(pc->max, &memory) == PH_OK)
        pc->is_filling = true;
    /* Not one of the numbers that the counter will use: dup2 onto itself
     * keeps close-on-exec on some systems. */
    pc->document =
        fcntl(input >= 0 ? input : memory, F_DUPFD_CLOEXEC, DESCRIPTOR_MIN);
    ph_io_close(&memory);
    if (pc->document < 0)
        return;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return;
    (void)fcntl(pair[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(pair[1], F_SETFD, FD_CLOEXEC);
    pc->sock = pair[0];
    pc->child_sock = pair[1];
}

void
ph_pagecount_close(struct ph_pagecount *pc)
{
    ph_io_close(&pc->sock);
    ph_io_close(&pc->child_sock);
    ph_io_close(&pc->document);
}

/* The socket and the document, and nothing of cupsd's: a child that kept fd 2
 * open would keep the job "processing". */
static int
set_descriptors(posix_spawn_file_actions_t *actions,
                const struct ph_pagecount *pc)
{
    int rc = posix_spawn_file_actions_adddup2(actions, pc->child_sock,
                                              PH_PAGECOUNT_SOCKET_FD);

    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(actions, pc->document,
                                              PH_PAGECOUNT_DOCUMENT_FD);
    for (int fd = 1; fd <= 2 && rc == 0; fd++)
        rc = posix_spawn_file_actions_addopen(actions, fd, "/dev/null",
                                              O_WRONLY, 0);
    return rc;
}

/* Default signals, none blocked. */
static int
set_signals(posix_spawnattr_t *attr)
{
    sigset_t set;
    int rc;

    (void)sigemptyset(&set);
    rc = posix_spawnattr_setsigmask(attr, &set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGPIPE);
    (void)sigaddset(&set, SIGXFSZ);
    if (rc == 0)
        rc = posix_spawnattr_setsigdefault(attr, &set);
    if (rc == 0)
        rc = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK |
                                                POSIX_SPAWN_SETSIGDEF);
    return rc;
}

pid_t
ph_pagecount_spawn(const struct ph_pagecount *pc, const char *program)
{
    char name[] = "printhold-pagecount";
    char *argv[] = {name, NULL};
    char *envp[] = {NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    pid_t pid = -1;

    if (pc->child_sock < 0)
        return -1;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return -1;
    if (posix_spawnattr_init(&attr) != 0) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return -1;
    }
    if (set_descriptors(&actions, pc) != 0 || set_signals(&attr) != 0 ||
        posix_spawn(&pid, program, &actions, &attr, argv, envp) != 0)
        pid = -1;
    (void)posix_spawnattr_destroy(&attr);
    (void)posix_spawn_file_actions_destroy(&actions);
    return pid;
}

/* Copy what the counter needs; the rest stays a hole in its memory. */
static int
fill(struct ph_pagecount *pc, const uint8_t *bytes, size_t len)
{
    uint64_t offset = pc->size;
    int err = PH_OK;

    while (len > 0 && err == PH_OK) {
        bool keep = true;
        size_t n = pc->is_pdf
                       ? ph_pictures_next(&pc->pictures, bytes, len, &keep)
                       : len;

        if (keep)
            err = ph_docmem_put(pc->document, offset, bytes, n);
        offset += n;
        bytes += n;
        len -= n;
    }
    return err;
}

void
ph_pagecount_add(struct ph_pagecount *pc, const uint8_t *bytes, size_t len)
{
    if (pc->sock < 0)
        return;
    if (len > pc->max - pc->size ||
        (pc->is_filling && fill(pc, bytes, len) != PH_OK)) {
        stop_counting(pc);
        return;
    }
    pc->size += len;
}

static bool
has_pages(enum ph_sniff_kind kind)
{
    return kind == PH_SNIFF_PDF || kind == PH_SNIFF_POSTSCRIPT ||
           kind == PH_SNIFF_RASTER;
}

static void
tell(struct ph_pagecount *pc, const void *bytes, size_t len)
{
    if (ph_io_write_full(pc->sock, bytes, len) != PH_OK)
        stop_counting(pc);
}

void
ph_pagecount_kind(struct ph_pagecount *pc, enum ph_sniff_kind kind)
{
    const struct ph_pagecount_prepare prepare = {
        .magic = PH_PAGECOUNT_MAGIC,
        .kind = kind,
        .memory_max = pc->memory_max,
        .cpu_s = pc->cpu_s,
    };

    if (pc->sock < 0)
        return;
    pc->is_pdf = kind == PH_SNIFF_PDF;
    if (has_pages(kind))
        tell(pc, &prepare, sizeof(prepare));
    else
        stop_counting(pc);
}

void
ph_pagecount_ask(struct ph_pagecount *pc)
{
    const struct ph_pagecount_go go = {.size = pc->size};

    if (pc->sock < 0)
        return;
    tell(pc, &go, sizeof(go));
    pc->is_asked = pc->sock >= 0;
    /* From here the counter has it alone: its memory is given back when the
     * counter ends, and nobody waits for that. */
    ph_io_close(&pc->document);
    pc->is_filling = false;
}

/* Read the answer's bytes before the deadline. */
static int
receive(int sock, int64_t deadline_ms, void *bytes, size_t len)
{
    uint8_t *pos = bytes;

    while (len > 0) {
        struct pollfd pfd = {.fd = sock, .events = POLLIN};
        int64_t left = deadline_ms - ph_clock_mono_ms();
        ssize_t n;

        if (left < 0 || poll(&pfd, 1, (int)left) == 0)
            return PH_ERR_TIMEOUT;
        n = read(sock, pos, len);
        if (n == 0 || (n < 0 && errno != EINTR))
            return PH_ERR_CLOSED;
        if (n > 0) {
            pos += n;
            len -= (size_t)n;
        }
    }
    return PH_OK;
}

static void
clean_text(char text[PH_PAGECOUNT_TEXT_MAX])
{
    char clean[PH_PAGECOUNT_TEXT_MAX];

    text[PH_PAGECOUNT_TEXT_MAX - 1] = '\0';
    ph_utf8_clean(text, clean, sizeof(clean));
    memcpy(text, clean, sizeof(clean));
}

static bool
is_sane(const struct ph_pagecount_answer *answer)
{
    if (answer->magic != PH_PAGECOUNT_MAGIC)
        return false;
    if (answer->status == PH_PAGECOUNT_COUNTED)
        return answer->pages >= 0 && answer->pages <= PH_PAGECOUNT_PAGES_MAX;
    return answer->status == PH_PAGECOUNT_UNKNOWN ||
           answer->status == PH_PAGECOUNT_DAMAGED;
}

int
ph_pagecount_answer(struct ph_pagecount *pc, int timeout_ms,
                    struct ph_pagecount_answer *out_answer)
{
    struct ph_pagecount_answer answer;
    int err;

    if (!pc->is_asked || pc->sock < 0)
        return PH_ERR_NOT_FOUND;
    err = receive(pc->sock, ph_clock_mono_ms() + timeout_ms, &answer,
                  sizeof(answer));
    if (err != PH_OK)
        return err;
    if (!is_sane(&answer))
        return PH_ERR_PROTOCOL;
    if (answer.status == PH_PAGECOUNT_DAMAGED && pc->pictures.is_doubtful)
        answer.status = PH_PAGECOUNT_UNKNOWN;
    clean_text(answer.creator);
    clean_text(answer.producer);
    *out_answer = answer;
    return PH_OK;
}
