/*
 * ph-spool-facts: what lies in a spool and its catalogue, as JSON, looked at
 * without the agent. Documents are decrypted and hashed.
 *
 *   ph-spool-facts CONFIG_DIR
 *
 * {"integrity":"ok", "incoming":0,
 *  "rows":[{"id","state","uuid","keep"}], "files":[{"id","error","sha256"}]}
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/parse.h"
#include "printhold/crypto/epoch_keys.h"
#include "printhold/crypto/machine_key.h"
#include "printhold/crypto/sealed_file.h"
#include "printhold/model/config.h"
#include "printhold/model/job.h"
#include "printhold/store/spool.h"

static void
die(const char *what, const char *why)
{
    (void)fprintf(stderr, "ph-spool-facts: %s: %s\n", what, why);
    exit(1);
}

static struct ph_epoch_keys *
open_keys(const struct ph_config *config)
{
    struct ph_epoch_keys *keys = NULL;
    struct ph_machine_key machine;
    struct ph_why why = {""};
    char path[PH_CONFIG_TEXT_MAX + 8];
    int fd = -1;

    if (ph_machine_key_load(config->key_level, config->key_file, &machine,
                            &why) != PH_OK)
        die("machine key", why.text);
    (void)snprintf(path, sizeof(path), "%s/keys", config->state_dir);
    if (ph_io_open_dir(path, true, 0700, &fd, &why) != PH_OK ||
        ph_epoch_keys_open(fd, &machine, &keys, &why) != PH_OK)
        die("keys", why.text);
    ph_machine_key_wipe(&machine);
    ph_io_close(&fd);
    return keys;
}

/* --- the catalogue --- */

static sqlite3_stmt *
prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt = NULL;

    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        die("catalogue", sqlite3_errmsg(db));
    return stmt;
}

static void
put_rows(sqlite3 *db)
{
    sqlite3_stmt *stmt =
        prepare(db, "SELECT lower(hex(id)), state, job_uuid, keep FROM job");
    const char *comma = "";

    (void)printf(",\"rows\":[");
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        const enum ph_job_state state =
            (enum ph_job_state)sqlite3_column_int(stmt, 1);

        (void)printf("%s\n{\"id\":\"%s\",\"state\":\"%s\",\"uuid\":\"%s\","
                     "\"keep\":%d}",
                     comma, (const char *)sqlite3_column_text(stmt, 0),
                     ph_job_state_name(state),
                     (const char *)sqlite3_column_text(stmt, 2),
                     sqlite3_column_int(stmt, 3));
        comma = ",";
    }
    (void)printf("]");
    (void)sqlite3_finalize(stmt);
}

static void
put_catalogue(const struct ph_config *config)
{
    char path[PH_CONFIG_TEXT_MAX + 16];
    sqlite3_stmt *stmt;
    sqlite3 *db = NULL;

    (void)snprintf(path, sizeof(path), "%s/catalogue.db", config->state_dir);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        die(path, sqlite3_errmsg(db));
    (void)sqlite3_busy_timeout(db, 5000);
    stmt = prepare(db, "PRAGMA integrity_check(1)");
    if (sqlite3_step(stmt) != SQLITE_ROW)
        die(path, sqlite3_errmsg(db));
    (void)printf("{\"integrity\":\"%.80s\"",
                 (const char *)sqlite3_column_text(stmt, 0));
    (void)sqlite3_finalize(stmt);
    put_rows(db);
    (void)sqlite3_close(db);
}

/* --- the spool --- */

struct files {
    struct ph_spool *spool;
    struct ph_epoch_keys *keys;
    const char *comma;
};

static int
hash(struct files *files, const struct ph_id *id, uint8_t out_sha256[32])
{
    struct ph_sealed_reader *reader = NULL;
    int fd = -1, err = ph_spool_read(files->spool, id, &fd);

    if (err == PH_OK)
        err = ph_sealed_reader_open(fd, files->keys, &reader, NULL);
    if (err != PH_OK) {
        ph_io_close(&fd);
        return err;
    }
    err = ph_sealed_reader_digest(reader, NULL, out_sha256);
    ph_sealed_reader_free(reader);
    return err;
}

static bool
put_file(const struct ph_id *id, void *arg)
{
    struct files *files = arg;
    uint8_t sha256[32] = {0};
    char name[PH_ID_TEXT], hex[65];
    int err = hash(files, id, sha256);

    ph_id_format(id, name);
    ph_format_hex(sha256, sizeof(sha256), hex);
    (void)printf("%s\n{\"id\":\"%s\",\"error\":\"%s\",\"sha256\":\"%s\"}",
                 files->comma, name, err == PH_OK ? "" : ph_err_text(err), hex);
    files->comma = ",";
    return true;
}

static unsigned
count_incoming(const struct ph_config *config)
{
    char path[PH_CONFIG_TEXT_MAX + 16];
    struct dirent *entry;
    unsigned count = 0;
    DIR *dir;

    (void)snprintf(path, sizeof(path), "%s/incoming", config->spool_dir);
    dir = opendir(path);
    if (dir == NULL)
        die(path, "cannot be opened");
    while ((entry = readdir(dir)) != NULL)
        count += entry->d_name[0] != '.';
    (void)closedir(dir);
    return count;
}

int
main(int argc, char **argv)
{
    struct files files = {.comma = ""};
    struct ph_config config;
    struct ph_why why = {""};

    if (argc != 2 || ph_config_load(argv[1], &config, &why) != PH_OK)
        die("configuration", why.text);
    files.keys = open_keys(&config);
    if (ph_spool_open(config.spool_dir, &files.spool, &why) != PH_OK)
        die("spool", why.text);
    put_catalogue(&config);
    (void)printf(",\"incoming\":%u,\"files\":[", count_incoming(&config));
    (void)ph_spool_each(files.spool, put_file, &files);
    (void)printf("]}\n");
    ph_spool_close(files.spool);
    ph_epoch_keys_free(files.keys);
    return 0;
}
