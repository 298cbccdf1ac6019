/* The number of this computer, as the system tells it. */
#ifndef PRINTHOLD_CRYPTO_MACHINE_MARK_PRIVATE_H
#define PRINTHOLD_CRYPTO_MACHINE_MARK_PRIVATE_H

#include "printhold/base/why.h"

#define MACHINE_NUMBER_MAX 64

/* PH_ERR_NOT_FOUND when there is none. */
int ph_machine_number(char out_number[MACHINE_NUMBER_MAX], struct ph_why *why);

#endif
