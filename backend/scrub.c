#include "scrub.h"

#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/wipe.h"

void
ph_scrub_environment(void)
{
    char *password = getenv("AUTH_PASSWORD");

    if (password != NULL)
        ph_wipe(password, strlen(password));
    (void)unsetenv("AUTH_PASSWORD");
}

static void
wipe_free(char *text)
{
    if (text != NULL)
        ph_wipe(text, strlen(text));
    free(text);
}

void
ph_scrub_free(struct ph_arguments *arguments)
{
    wipe_free(arguments->job_id);
    wipe_free(arguments->user);
    wipe_free(arguments->title);
    wipe_free(arguments->copies);
    wipe_free(arguments->options);
    wipe_free(arguments->file);
    memset(arguments, 0, sizeof(*arguments));
}

int
ph_scrub_arguments(int argc, char **argv, struct ph_arguments *out_arguments)
{
    struct ph_arguments a = {0};
    int err = PH_OK;

    a.job_id = strdup(argv[1]);
    a.user = strdup(argv[2]);
    a.title = strdup(argv[3]);
    a.copies = strdup(argv[4]);
    a.options = strdup(argv[5]);
    a.file = argc > 6 ? strdup(argv[6]) : NULL;
    if (a.job_id == NULL || a.user == NULL || a.title == NULL ||
        a.copies == NULL || a.options == NULL || (argc > 6 && a.file == NULL))
        err = PH_ERR_NOMEM;
    for (int i = 1; i < argc; i++)
        ph_wipe(argv[i], strlen(argv[i]));
    if (err == PH_OK)
        *out_arguments = a;
    else
        ph_scrub_free(&a);
    return err;
}
