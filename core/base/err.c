#include "printhold/base/err.h"

#include <errno.h>

const char *
ph_err_text(int err)
{
    switch (err) {
    case PH_OK:
        return "success";
#define PH_ERR_CASE(name, value, keyword, text) \
    case value:                                 \
        return text;
        PH_ERR_LIST(PH_ERR_CASE)
#undef PH_ERR_CASE
    default:
        return "unknown error";
    }
}

const char *
ph_err_keyword(int err)
{
    switch (err) {
    case PH_OK:
        return "ok";
#define PH_ERR_CASE(name, value, keyword, text) \
    case value:                                 \
        return keyword;
        PH_ERR_LIST(PH_ERR_CASE)
#undef PH_ERR_CASE
    default:
        return "unknown";
    }
}

int
ph_err_from_errno(int errnum)
{
    switch (errnum) {
    case 0:
        return PH_OK;
    case ENOMEM:
        return PH_ERR_NOMEM;
    case EINVAL:
        return PH_ERR_INVALID;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return PH_ERR_NO_SPACE;
    case EEXIST:
    case ENOTEMPTY:
        return PH_ERR_EXISTS;
    case ENOENT:
    case ENOTDIR:
        return PH_ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
        return PH_ERR_DENIED;
    case EAGAIN:
    case ECONNREFUSED:
        return PH_ERR_AGAIN;
    case ETIMEDOUT:
        return PH_ERR_TIMEOUT;
    case EPIPE:
    case ECONNRESET:
        return PH_ERR_CLOSED;
    case EMFILE:
    case ENFILE:
        return PH_ERR_LIMIT;
    default:
        return PH_ERR_IO;
    }
}
