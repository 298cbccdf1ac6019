/* What a workstation, or whoever writes in its place, leaves at the broker. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/proto/directory_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct ph_directory_head *head, struct ph_buf *clean)
{
    json_t *root = NULL;
    size_t left;

    if (memchr(head->workstation, '\0', sizeof(head->workstation)) == NULL ||
        memchr(head->login, '\0', sizeof(head->login)) == NULL ||
        head->job_count > PH_DIRECTORY_JOBS_MAX)
        abort();
    if (ph_json_parse(clean->data, clean->len, clean->max, &root) != PH_OK ||
        ph_directory_drop_expired(root, head->expires_ms, &left) != PH_OK ||
        left != 0)
        abort();
    json_decref(root);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_directory_head head;
    struct ph_presence_said said;
    struct ph_buf clean;
    struct ph_why why;

    ph_buf_init(&clean, (size_t)4 * PH_DIRECTORY_BYTES_MAX);
    if (ph_directory_read(data, size, &head, &clean, &why) == PH_OK)
        check(&head, &clean);
    else if (clean.len != 0)
        abort();
    ph_buf_close(&clean);
    if (ph_presence_read(data, size, &said, &why) == PH_OK &&
        memchr(said.version, '\0', sizeof(said.version)) == NULL)
        abort();
    return 0;
}
