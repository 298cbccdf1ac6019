#include "station_rig.h"

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

#define PATH_BYTES 320

extern char **environ;

/* --- certificates, made once --- */

struct scratch station_pki;

void
station_pki_make(const char *const *words)
{
    const char *argv[16] = {PH_SUPPORT_DIR "/pki", words[0], station_pki.path};
    int status = -1;
    pid_t pid = -1;

    for (size_t i = 1; words[i] != NULL; i++)
        argv[i + 2] = words[i];
    /* posix_spawn takes char *const[] for history's sake. */
    assert_int_equal(posix_spawn(&pid, argv[0], NULL, NULL,
                                 (char *const *)(uintptr_t)argv, environ),
                     0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int
station_pki_make_all(void **state)
{
    static const char *const commands[][10] = {
        {"init", "--tenant", "acme"},
        {"workstation", "ws-1"},
        {"workstation", "ws-2", "--ip", "127.0.0.1"},
        {"workstation", "ws-other", "--tenant", "other"},
        {"workstation", "ws-old", "--expired"},
        {"workstation", "ws-client", "--eku", "client"},
        {"service", "svc-1"},
        {"printer", "pr-1"},
        {"printer", "pr-old", "--expired"},
    };

    (void)state;
    scratch_make(&station_pki);
    for (size_t i = 0; i < PH_COUNT(commands); i++)
        station_pki_make(commands[i]);
    return 0;
}

int
station_pki_remove(void **state)
{
    (void)state;
    scratch_remove(&station_pki);
    return 0;
}

static const char *
pem(const char *name, char dst[PATH_BYTES])
{
    (void)snprintf(dst, PATH_BYTES, "%s/%s", station_pki.path, name);
    return dst;
}

/* --- one station and one workstation --- */

int
station_scene_set_up(void **state)
{
    struct station_scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    scratch_make(&scene->scratch);
    scene->dirfd =
        open(scene->scratch.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(scene->dirfd >= 0);
    for (size_t i = 0; i < STATION_DOCUMENT_BYTES; i++)
        scene->document[i] = (uint8_t)(i * 31 + i / 251);
    *state = scene;
    return 0;
}

int
station_scene_tear_down(void **state)
{
    struct station_scene *scene = *state;

    assert_null(scene->fake);
    (void)close(scene->dirfd);
    scratch_remove(&scene->scratch);
    free(scene);
    return 0;
}

void
station_scene_open(struct station_scene *scene, const char *server,
                   const char *client, const char *workstation_id,
                   const struct fake_manners *manners)
{
    char cert[PATH_BYTES];
    char key[PATH_BYTES];
    char ca[PATH_BYTES];
    char name[64];
    char address[64];
    struct ph_https_options options = {.product = "test",
                                       .address = address,
                                       .workstation_id = workstation_id,
                                       .timeout_s = 10};

    (void)snprintf(name, sizeof(name), "%s.crt", server);
    (void)pem(name, cert);
    (void)snprintf(name, sizeof(name), "%s.key", server);
    scene->fake = fake_start(cert, pem(name, key), pem("ca.crt", ca),
                             scene->document, STATION_DOCUMENT_BYTES, manners);
    assert_non_null(scene->fake);
    (void)snprintf(address, sizeof(address), "127.0.0.1:%u",
                   (unsigned)fake_port(scene->fake));
    (void)snprintf(name, sizeof(name), "%s.crt", client);
    options.cert_file = pem(name, cert);
    (void)snprintf(name, sizeof(name), "%s.key", client);
    options.key_file = pem(name, key);
    options.ca_file = ca;
    assert_int_equal(ph_https_open(&options, &scene->https, &scene->why),
                     PH_OK);
    assert_int_equal(ph_api_new(scene->https, 3, &scene->api), PH_OK);
}

void
station_scene_end(struct station_scene *scene)
{
    ph_api_free(scene->api);
    ph_https_close(scene->https);
    (void)snprintf(scene->log, sizeof(scene->log), "%s",
                   fake_stop(scene->fake));
    fake_free(scene->fake);
    scene->fake = NULL;
}

int
station_scene_sign_in(struct station_scene *scene)
{
    return ph_api_open_session(scene->api, PH_API_GRANT, FAKE_GRANT,
                               &scene->why);
}
