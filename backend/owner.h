/*
 * Whose job is it? Only what cupsd has authenticated counts, never argv[2],
 * which is a claim of the client.
 *
 * AUTH_UID with AUTH_USERNAME: kernel peer credentials over cupsd's domain
 * socket ("peercred"). AUTH_USERNAME alone: root ("root", cupsd drops uid 0),
 * or a person who gave a password over TCP ("password"). Neither: the job came
 * around the queue's policy, through a class or lpmove, and is refused.
 */
#ifndef PH_BACKEND_OWNER_H
#define PH_BACKEND_OWNER_H

#include "printhold/base/why.h"
#include "printhold/model/ticket.h"

/*
 * Fill owner_uid, owner_name and owner_auth of the ticket. auth_uid and
 * auth_username are the environment variables, NULL when unset.
 * PH_ERR_DENIED: nobody is proven. PH_ERR_AGAIN: the account cannot be looked
 * up now (a directory service is away).
 */
int ph_owner_resolve(const char *auth_uid, const char *auth_username,
                     struct ph_ticket *ticket, struct ph_why *why);

#endif
