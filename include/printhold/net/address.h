/*
 * Where a workstation is: "host", "host:port", "[v6]" or "[v6]:port", made fit
 * for a URL. Names may have letters, digits, dots and dashes only.
 */
#ifndef PRINTHOLD_NET_ADDRESS_H
#define PRINTHOLD_NET_ADDRESS_H

#define PH_ADDRESS_PORT_DEFAULT 9443
#define PH_ADDRESS_PORT_HUB     9444
#define PH_ADDRESS_MAX          280

/* Always with port; PH_ERR_SYNTAX for anything else. */
int ph_address_authority(const char *text, char out_authority[PH_ADDRESS_MAX]);

/* The same where another port is meant when none stands there. */
int ph_address_authority_at(const char *text, unsigned port,
                            char out_authority[PH_ADDRESS_MAX]);

#endif
