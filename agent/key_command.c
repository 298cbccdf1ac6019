#include "key_command.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/as_owner.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/crypto/key_rotation.h"
#include "printhold/crypto/machine_key.h"
#include "printhold/proto/json.h"

#define STOP_THE_AGENT                                        \
    "stop it first: systemctl stop printhold-capture.socket " \
    "printhold-control.socket printhold-agent.service"

/* The state directory and the keys in it, held by us alone. */
static int
take_state(const struct ph_config *config, int *out_state_fd, int *out_keys_fd,
           struct ph_why *why)
{
    char path[PH_CONFIG_TEXT_MAX + 8];
    const char *dir = config->state_dir;
    int err = ph_io_open_dir(dir, true, 0700, out_state_fd, why);

    if (err != PH_OK)
        return err;
    err = ph_io_lock(*out_state_fd);
    if (err == PH_ERR_BUSY)
        return ph_why_fail(
            why, err, "a printhold-agent is running on %s; " STOP_THE_AGENT,
            dir);
    if (err != PH_OK)
        return ph_why_fail(why, err, "cannot lock %s: %s", dir,
                           ph_err_text(err));
    err = ph_act_as_owner(*out_state_fd, dir, why);
    if (err != PH_OK)
        return err;
    (void)snprintf(path, sizeof(path), "%s/keys", dir);
    return ph_io_open_dir(path, true, 0700, out_keys_fd, why);
}

/* A new key would not open what lies under the old one. */
static int
refuse_orphans(int keys_fd, const struct ph_config *config, struct ph_why *why)
{
    bool is_used = false;
    int err = ph_key_is_used(keys_fd, &is_used);

    if (err != PH_OK)
        return ph_why_fail(why, err, "cannot list the keys in %s/keys: %s",
                           config->state_dir, ph_err_text(err));
    if (!is_used)
        return PH_OK;
    return ph_why_fail(
        why, PH_ERR_EXISTS,
        "%s/keys has keys under another machine key; restore that, move it "
        "here with 'key rotate --from LEVEL', or move the directory away to "
        "give up the held jobs",
        config->state_dir);
}

int
ph_key_command_init(const struct ph_config *config, bool if_missing,
                    struct ph_why *why)
{
    int state_fd = -1, keys_fd = -1;
    int64_t since_ms;
    int err;

    /* Before the lock, which a running agent holds. */
    if (if_missing && ph_machine_key_find(config->key_level, config->key_file,
                                          &since_ms, NULL) == PH_OK)
        return PH_OK;
    err = take_state(config, &state_fd, &keys_fd, why);
    if (err == PH_OK)
        err = ph_machine_key_check_settled(config->key_level, config->key_file,
                                           why);
    if (err == PH_OK && ph_machine_key_find(config->key_level, config->key_file,
                                            &since_ms, NULL) != PH_OK)
        err = refuse_orphans(keys_fd, config, why);
    if (err == PH_OK)
        err = ph_machine_key_create(config->key_level, config->key_file, why);
    ph_io_close(&keys_fd);
    ph_io_close(&state_fd);
    return err;
}

int
ph_key_command_rotate(const struct ph_config *config, const char *from,
                      struct ph_why *why)
{
    char old_file[PH_CONFIG_TEXT_MAX];
    const struct ph_key_place to = {config->key_level, config->key_file};
    struct ph_key_place old = to;
    int state_fd = -1, keys_fd = -1;
    size_t count = 0;
    int err;

    if (from != NULL && strcmp(from, config->key_level) != 0) {
        ph_config_default_key_file(config->state_dir, from, old_file);
        old = (struct ph_key_place){from, old_file};
    }
    err = take_state(config, &state_fd, &keys_fd, why);
    if (err == PH_OK)
        err = ph_key_rotate(keys_fd, &old, &to, &count, why);
    if (err == PH_OK)
        (void)printf("There is a new machine key at level %s; %zu keys of days "
                     "lie under it now.\n",
                     config->key_level, count);
    ph_io_close(&keys_fd);
    ph_io_close(&state_fd);
    return err;
}

struct facts {
    char since[PH_TIME_TEXT]; /* empty: not known */
    size_t epochs;
    bool unfinished;
};

/* Looks only: makes nothing and takes no lock. */
static int
gather(const struct ph_config *config, struct facts *facts, struct ph_why *why)
{
    char path[PH_CONFIG_TEXT_MAX + 8];
    int64_t since_ms = 0;
    int keys_fd = -1;
    int err = ph_machine_key_find(config->key_level, config->key_file,
                                  &since_ms, why);

    if (err != PH_OK)
        return err;
    if (since_ms != 0)
        ph_clock_format(since_ms, facts->since);
    facts->unfinished =
        ph_machine_key_check_settled(config->key_level, config->key_file,
                                     NULL) == PH_ERR_STATE;
    (void)snprintf(path, sizeof(path), "%s/keys", config->state_dir);
    err = ph_io_open_dir(path, false, 0700, &keys_fd, why);
    if (err == PH_ERR_NOT_FOUND)
        return PH_OK; /* the agent never ran */
    if (err == PH_OK) {
        err = ph_key_count_epochs(keys_fd, &facts->epochs);
        if (err != PH_OK)
            ph_why_set(why, "cannot list the epoch keys in %s: %s", path,
                       ph_err_text(err));
    }
    ph_io_close(&keys_fd);
    return err;
}

static int
print_json(const struct ph_config *config, const struct facts *facts)
{
    struct ph_buf text;
    json_t *root =
        json_pack("{s:s, s:s, s:I, s:b}", "level", config->key_level, "source",
                  config->key_file, "epochs", (json_int_t)facts->epochs,
                  "rotation-unfinished", facts->unfinished);
    int err = PH_ERR_NOMEM;

    ph_buf_init(&text, 4096);
    if (root != NULL &&
        (facts->since[0] == '\0' ||
         json_object_set_new(root, "since", json_string(facts->since)) == 0))
        err = ph_json_put(root, &text);
    if (err == PH_OK)
        (void)printf("%.*s\n", (int)text.len, (const char *)text.data);
    ph_buf_close(&text);
    json_decref(root);
    return err;
}

int
ph_key_command_status(const struct ph_config *config, bool json,
                      struct ph_why *why)
{
    struct facts facts = {.epochs = 0};
    int err = gather(config, &facts, why);

    if (err != PH_OK)
        return err;
    if (json)
        return print_json(config, &facts);
    (void)printf("Level     %s\nKey       %s\nSince     %s\nDays      %zu\n"
                 "Rotation  %s\n",
                 config->key_level, config->key_file,
                 facts.since[0] != '\0' ? facts.since : "not known",
                 facts.epochs,
                 facts.unfinished
                     ? "unfinished; finish it with 'printhold-agent key rotate'"
                     : "none under way");
    return PH_OK;
}
