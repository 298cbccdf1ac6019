/*
 * Our JSON messages: the first byte chooses which, the rest is its text. What
 * is read is written and read again, and must be the same.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/proto/control.h"
#include "printhold/proto/frame.h"
#include "printhold/proto/ticket_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
ticket(const uint8_t *text, size_t len)
{
    struct ph_ticket first, second;
    struct ph_why why;
    struct ph_buf buf;

    memset(&first, 0, sizeof(first));
    memset(&second, 0, sizeof(second));
    if (ph_ticket_json_parse(text, len, &first, &why) != PH_OK)
        return;
    ph_buf_init(&buf, PH_FRAME_MAX);
    if (ph_ticket_json_put(&first, &buf) != PH_OK ||
        ph_ticket_json_parse(buf.data, buf.len, &second, &why) != PH_OK)
        abort();
    if (strcmp(first.job_name, second.job_name) != 0 ||
        first.owner_uid != second.owner_uid ||
        first.impressions != second.impressions ||
        first.copies != second.copies)
        abort();
    ph_buf_close(&buf);
}

static void
request(const uint8_t *text, size_t len)
{
    struct ph_control_request first, second;
    struct ph_why why;
    struct ph_buf buf;

    if (ph_control_request_parse(text, len, &first, &why) != PH_OK)
        return;
    ph_buf_init(&buf, PH_CONTROL_REQUEST_MAX);
    if (ph_control_request_put(&first, &buf) != PH_OK ||
        ph_control_request_parse(buf.data, buf.len, &second, &why) != PH_OK ||
        first.op != second.op || strcmp(first.job, second.job) != 0 ||
        first.all != second.all || first.has_from != second.has_from ||
        first.from.held != second.from.held ||
        first.from.record != second.from.record)
        abort();
    ph_buf_close(&buf);
}

static void
job(const uint8_t *text, size_t len)
{
    struct ph_control_job first, second;
    struct ph_buf buf;

    if (ph_control_job_parse(text, len, &first) != PH_OK)
        return;
    ph_buf_init(&buf, PH_FRAME_MAX);
    if (ph_control_job_put(&first, &buf) != PH_OK ||
        ph_control_job_parse(buf.data, buf.len, &second) != PH_OK ||
        !ph_id_equal(&first.id, &second.id) || first.state != second.state)
        abort();
    ph_buf_close(&buf);
}

static void
status(const uint8_t *text, size_t len)
{
    struct ph_control_status first, second;
    struct ph_buf buf;

    if (ph_control_status_parse(text, len, &first) != PH_OK)
        return;
    ph_buf_init(&buf, PH_FRAME_MAX);
    if (ph_control_status_put(&first, &buf) != PH_OK ||
        ph_control_status_parse(buf.data, buf.len, &second) != PH_OK ||
        first.held != second.held)
        abort();
    ph_buf_close(&buf);
}

static void
code(const uint8_t *text, size_t len)
{
    struct ph_control_code first, second;
    struct ph_buf buf;

    if (ph_control_code_parse(text, len, &first) != PH_OK)
        return;
    ph_buf_init(&buf, PH_FRAME_MAX);
    if (ph_control_code_put(&first, &buf) != PH_OK ||
        ph_control_code_parse(buf.data, buf.len, &second) != PH_OK ||
        strcmp(first.code, second.code) != 0 ||
        strcmp(first.login, second.login) != 0)
        abort();
    ph_buf_close(&buf);
}

static void
change(const uint8_t *text, size_t len)
{
    struct ph_control_change first, second;
    struct ph_buf buf;

    if (ph_control_change_parse(text, len, &first) != PH_OK ||
        first.kind == PH_CHANGE_OTHER)
        return;
    ph_buf_init(&buf, PH_FRAME_MAX);
    if (ph_control_change_put(&first, &buf) != PH_OK ||
        ph_control_change_parse(buf.data, buf.len, &second) != PH_OK ||
        first.kind != second.kind || first.place.held != second.place.held ||
        first.until_ms != second.until_ms ||
        strcmp(first.title, second.title) != 0 ||
        strcmp(first.job, second.job) != 0)
        abort();
    ph_buf_close(&buf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_control_reply reply;

    if (size == 0)
        return 0;
    switch (data[0]) {
    case 't':
        ticket(data + 1, size - 1);
        break;
    case 'q':
        request(data + 1, size - 1);
        break;
    case 'j':
        job(data + 1, size - 1);
        break;
    case 's':
        status(data + 1, size - 1);
        break;
    case 'c':
        code(data + 1, size - 1);
        break;
    case 'w':
        change(data + 1, size - 1);
        break;
    case 'r':
        (void)ph_control_reply_parse(data + 1, size - 1, &reply);
        break;
    default:
        break;
    }
    return 0;
}
