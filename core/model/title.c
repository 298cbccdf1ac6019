#include "printhold/model/title.h"

#include <stdbool.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/utf8.h"

#define ELLIPSIS "\xe2\x80\xa6"

int
ph_title_policy_parse(const char *name, enum ph_title_policy *out_policy)
{
    if (strcmp(name, "full") == 0)
        *out_policy = PH_TITLE_FULL;
    else if (strcmp(name, "first-word") == 0)
        *out_policy = PH_TITLE_FIRST_WORD;
    else if (strcmp(name, "hidden") == 0)
        *out_policy = PH_TITLE_HIDDEN;
    else
        return PH_ERR_INVALID;
    return PH_OK;
}

/* Cut the clean text after its first word and say so, if there is room. */
static void
keep_first_word(char *text, size_t cap)
{
    size_t lead = strspn(text, " ");
    size_t word = strcspn(text + lead, " ");
    bool is_cut = text[lead + word + strspn(text + lead + word, " ")] != '\0';

    memmove(text, text + lead, word);
    text[word] = '\0';
    if (is_cut && word + sizeof(ELLIPSIS) <= cap)
        memcpy(text + word, ELLIPSIS, sizeof(ELLIPSIS));
}

void
ph_title_apply(enum ph_title_policy policy, const char *title, char *dst,
               size_t cap)
{
    dst[0] = '\0';
    if (policy == PH_TITLE_HIDDEN)
        return;
    ph_utf8_clean(title, dst, cap);
    if (policy == PH_TITLE_FIRST_WORD)
        keep_first_word(dst, cap);
}
