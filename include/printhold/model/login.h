/*
 * A login as it is compared everywhere: ASCII lower case, as the agent makes
 * it of an account. Logins of other scripts are left as they are.
 */
#ifndef PRINTHOLD_MODEL_LOGIN_H
#define PRINTHOLD_MODEL_LOGIN_H

#define PH_LOGIN_MAX 256

/* No domain is added. PH_ERR_INVALID when it is empty, too long, or has blanks
 * or control bytes. */
int ph_login_normalise(const char *text, char out_login[PH_LOGIN_MAX]);

#endif
