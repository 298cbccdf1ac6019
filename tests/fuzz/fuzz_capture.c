/* A stream of frames of the capture protocol, as either end might get it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/utf8.h"
#include "printhold/proto/capture.h"
#include "printhold/proto/frame.h"
#include "printhold/proto/ticket_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read is written the same way again. */
static void
begin(const struct ph_frame *frame)
{
    struct ph_capture_begin first, second;
    struct ph_why why;
    struct ph_buf buf;

    memset(&first, 0, sizeof(first));
    memset(&second, 0, sizeof(second));
    if (ph_capture_begin_parse(frame->body, frame->len, &first, &why) != PH_OK)
        return;
    ph_buf_init(&buf, PH_CAPTURE_BODY_MAX);
    if (ph_capture_begin_put(&first, &buf) != PH_OK ||
        ph_capture_begin_parse(buf.data, buf.len, &second, &why) != PH_OK ||
        memcmp(&first, &second, sizeof(first)) != 0)
        abort();
    ph_buf_close(&buf);
}

static void
take(const struct ph_frame *frame)
{
    struct ph_capture_refuse refuse;
    struct ph_sealed_secret secret;
    struct ph_ticket ticket;
    struct ph_why why;
    struct ph_id job;
    uint64_t offset;

    switch (frame->type) {
    case PH_CAPTURE_BEGIN:
        begin(frame);
        break;
    case PH_CAPTURE_ACCEPT:
        (void)ph_capture_accept_parse(frame->body, frame->len, &secret);
        break;
    case PH_CAPTURE_REFUSE:
        if (ph_capture_refuse_parse(frame->body, frame->len, &refuse) ==
                PH_OK &&
            !ph_utf8_valid(refuse.text.text, strlen(refuse.text.text)))
            abort();
        break;
    case PH_CAPTURE_PROGRESS:
        (void)ph_capture_progress_parse(frame->body, frame->len, &offset);
        break;
    case PH_CAPTURE_COMMIT:
        (void)ph_ticket_json_parse(frame->body, frame->len, &ticket, &why);
        break;
    case PH_CAPTURE_DONE:
        (void)ph_capture_done_parse(frame->body, frame->len, &job);
        break;
    default:
        break;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_frame frame;
    size_t used;

    while (ph_frame_parse(data, size, PH_CAPTURE_BODY_MAX, &frame, &used) ==
           PH_OK) {
        if (used > size || frame.body + frame.len != data + used)
            abort();
        take(&frame);
        data += used;
        size -= used;
    }
    return 0;
}
