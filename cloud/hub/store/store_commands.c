#include "store_commands.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/proto/json.h"
#include "store_private.h"

#define COLUMNS                                                          \
    "number, jti, device, op, login, jobs, made_ms, expires_ms, state, " \
    "tries, next_ms, answered_ms, answer, uk"

const char *
hub_command_state_name(enum hub_command_state state)
{
    static const char *const names[HUB_COMMAND_STATES] = {
        [HUB_COMMAND_WAITING] = "waiting",
        [HUB_COMMAND_DONE] = "done",
        [HUB_COMMAND_REFUSED] = "refused",
        [HUB_COMMAND_EXPIRED] = "expired",
    };

    return state < HUB_COMMAND_STATES ? names[state] : "unknown";
}

static enum ph_command_op
op_of(const char *name)
{
    for (size_t i = 0; i < PH_COMMAND_OPS; i++) {
        if (strcmp(ph_command_op_name((enum ph_command_op)i), name) == 0)
            return (enum ph_command_op)i;
    }
    return PH_COMMAND_UNKNOWN;
}

static void
read_command(sqlite3_stmt *stmt, struct hub_ws_command *command)
{
    char op[32];

    command->number = sqlite3_column_int64(stmt, 0);
    hub_column_text(stmt, 1, command->jti, sizeof(command->jti));
    hub_column_text(stmt, 2, command->device, sizeof(command->device));
    hub_column_text(stmt, 3, op, sizeof(op));
    command->op = op_of(op);
    hub_column_text(stmt, 4, command->login, sizeof(command->login));
    hub_column_text(stmt, 5, command->jobs, sizeof(command->jobs));
    command->made_ms = sqlite3_column_int64(stmt, 6);
    command->expires_ms = sqlite3_column_int64(stmt, 7);
    command->state = (enum hub_command_state)sqlite3_column_int(stmt, 8);
    command->tries = sqlite3_column_int64(stmt, 9);
    command->next_ms = sqlite3_column_int64(stmt, 10);
    command->answered_ms = sqlite3_column_int64(stmt, 11);
    hub_column_text(stmt, 12, command->answer, sizeof(command->answer));
    hub_column_text(stmt, 13, command->uk, sizeof(command->uk));
}

/* The rows of a statement that is bound. */
static int
each_row(sqlite3_stmt *stmt, hub_ws_command_cb each, void *arg)
{
    struct hub_ws_command command;
    int err;

    while ((err = hub_step(stmt)) == PH_OK) {
        read_command(stmt, &command);
        err = each(&command, arg);
        if (err != PH_OK) {
            hub_reset(stmt);
            return err;
        }
    }
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}

static int
next_number(struct hub_store *store, int64_t *out_number)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(
        store, "SELECT COALESCE(MAX(number), 0) + 1 FROM command", &stmt);

    if (err == PH_OK)
        err = hub_step(stmt);
    if (err == PH_OK) {
        *out_number = sqlite3_column_int64(stmt, 0);
        hub_reset(stmt);
    }
    return err;
}

int
hub_ws_command_add(struct hub_store *store, struct hub_ws_command *command)
{
    int err = next_number(store, &command->number);

    return err == PH_OK
               ? hub_run(store,
                         "INSERT INTO command(" COLUMNS ")"
                         " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                         "itttttiiiiiitt", command->number, command->jti,
                         command->device, ph_command_op_name(command->op),
                         command->login, command->jobs, command->made_ms,
                         command->expires_ms, (int64_t)command->state,
                         command->tries, command->next_ms, command->answered_ms,
                         command->answer, command->uk)
               : err;
}

int
hub_ws_command_get(struct hub_store *store, int64_t number,
                   struct hub_ws_command *out_command)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(
        store, "SELECT " COLUMNS " FROM command WHERE number = ?", &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "i", number);
    if (err == PH_OK)
        err = hub_step(stmt);
    if (err == PH_OK) {
        read_command(stmt, out_command);
        hub_reset(stmt);
    }
    return err;
}

int
hub_ws_command_each(struct hub_store *store, int64_t max,
                    hub_ws_command_cb each, void *arg)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(
        store, "SELECT " COLUMNS " FROM command ORDER BY number DESC LIMIT ?",
        &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "i", max);
    return err == PH_OK ? each_row(stmt, each, arg) : err;
}

int
hub_ws_command_due(struct hub_store *store, int64_t now_ms, bool all,
                   int64_t max, hub_ws_command_cb each, void *arg)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store,
                          "SELECT " COLUMNS " FROM command WHERE state = ?"
                          " AND next_ms <= ? AND expires_ms > ?"
                          " ORDER BY number LIMIT ?",
                          &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "iiii", (int64_t)HUB_COMMAND_WAITING,
                       all ? INT64_MAX : now_ms, now_ms, max);
    return err == PH_OK ? each_row(stmt, each, arg) : err;
}

int
hub_ws_command_said(struct hub_store *store, int64_t number, int64_t next_ms)
{
    return hub_run(store,
                   "UPDATE command SET tries = tries + 1, next_ms = ?"
                   " WHERE number = ?",
                   "ii", next_ms, number);
}

int
hub_ws_command_hurry(struct hub_store *store, const char *device,
                     int64_t now_ms)
{
    return hub_run(store,
                   "UPDATE command SET next_ms = ? WHERE device = ?"
                   " AND state = ? AND next_ms > ?",
                   "itii", now_ms, device, (int64_t)HUB_COMMAND_WAITING,
                   now_ms);
}

/* The name of somebody who was erased is needed as long as a workstation has to
 * be told, and no longer. */
static int
forget_erased(struct hub_store *store)
{
    return hub_run(store,
                   "UPDATE command SET login = '', uk = '' WHERE state <> ?"
                   " AND login <> '' AND NOT EXISTS (SELECT 1 FROM person"
                   " WHERE person.login = command.login)",
                   "i", (int64_t)HUB_COMMAND_WAITING);
}

int
hub_ws_command_expire(struct hub_store *store, int64_t now_ms)
{
    int err = hub_run(store,
                      "UPDATE command SET state = ? WHERE state = ?"
                      " AND expires_ms <= ?",
                      "iii", (int64_t)HUB_COMMAND_EXPIRED,
                      (int64_t)HUB_COMMAND_WAITING, now_ms);

    return err == PH_OK ? forget_erased(store) : err;
}

int
hub_ws_command_forget(struct hub_store *store, int64_t before_ms)
{
    return hub_run(store,
                   "DELETE FROM command WHERE made_ms < ? AND state <> ?", "ii",
                   before_ms, (int64_t)HUB_COMMAND_WAITING);
}

/* --- answers --- */

static int
put_answer(const struct ph_event_said *said, struct ph_buf *buf)
{
    const struct ph_command_said *command = &said->u.command;
    json_t *root = json_object();
    int err = said->kind == PH_EVENT_COMMAND_DONE
                  ? ph_command_result_put(&command->result, root)
                  : ph_json_set(root, "reason", json_string(command->reason));

    if (err == PH_OK)
        err = ph_json_put(root, buf);
    if (err == PH_OK && ph_buf_str(buf) == NULL)
        err = PH_ERR_TOO_BIG;
    json_decref(root);
    return err;
}

/* Nothing is left there of the person, unless it is bound again. */
static int
forget_teller(struct hub_store *store, const struct ph_event_said *said)
{
    const struct ph_command_said *command = &said->u.command;

    if (said->kind != PH_EVENT_COMMAND_DONE || command->result.busy > 0)
        return PH_OK;
    return hub_run(store,
                   "DELETE FROM teller WHERE device = ? AND uk IN"
                   " (SELECT uk FROM command WHERE jti = ? AND device = ?"
                   " AND op = 'purge-user')",
                   "ttt", said->workstation, command->cause, said->workstation);
}

int
hub_ws_command_answered(struct hub_store *store,
                        const struct ph_event_said *said, int64_t now_ms)
{
    const enum hub_command_state state = said->kind == PH_EVENT_COMMAND_DONE
                                             ? HUB_COMMAND_DONE
                                             : HUB_COMMAND_REFUSED;
    struct ph_buf answer;
    int err;

    ph_buf_init(&answer, HUB_COMMAND_ANSWER);
    err = put_answer(said, &answer);
    if (err == PH_OK) /* the first answer counts, and only of whom was asked */
        err = hub_run_one(store,
                          "UPDATE command SET state = ?, answered_ms = ?,"
                          " answer = ? WHERE jti = ? AND device = ?"
                          " AND state IN (?, ?)",
                          "iitttii", (int64_t)state, now_ms,
                          ph_buf_str(&answer), said->u.command.cause,
                          said->workstation, (int64_t)HUB_COMMAND_WAITING,
                          (int64_t)HUB_COMMAND_EXPIRED);
    ph_buf_close(&answer);
    if (err == PH_OK)
        err = forget_teller(store, said);
    else if (err == PH_ERR_NOT_FOUND)
        return PH_OK;
    return err == PH_OK ? forget_erased(store) : err;
}

/* --- who may hold something of a person --- */

int
hub_teller_add(struct hub_store *store, const char *uk, const char *device)
{
    return hub_run(store,
                   "INSERT INTO teller(uk, device) VALUES(?, ?)"
                   " ON CONFLICT(uk, device) DO NOTHING",
                   "tt", uk, device);
}

int
hub_teller_each(struct hub_store *store, const char *uk, hub_teller_cb each,
                void *arg)
{
    char id[HUB_ID_MAX];
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store,
                          "SELECT id FROM device WHERE kind = ? AND revoked = 0"
                          " AND (id IN (SELECT device FROM teller WHERE uk = ?)"
                          " OR id IN (SELECT device FROM binding JOIN person"
                          " ON person.login = binding.login WHERE uk = ?))"
                          " ORDER BY id",
                          &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "itt", (int64_t)PH_IDENTITY_WORKSTATION, uk, uk);
    while (err == PH_OK && (err = hub_step(stmt)) == PH_OK) {
        hub_column_text(stmt, 0, id, sizeof(id));
        err = each(id, arg);
        if (err != PH_OK) {
            hub_reset(stmt);
            return err;
        }
    }
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}
