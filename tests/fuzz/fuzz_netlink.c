/* Datagrams on a netlink socket: whatever comes, names end and counts hold. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "netlink_linux.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ph_netlink_table table;
    bool is_done = false;

    memset(&table, 0, sizeof(table));
    (void)ph_netlink_is_change(data, size);
    for (uint32_t sequence = 0; sequence < 3; sequence++)
        (void)ph_netlink_take(data, size, sequence, &table, &is_done);
    ph_netlink_join(&table);
    if (table.link_count > PH_NETLINK_LINKS_MAX ||
        table.address_count > PH_NETLINK_ADDRESSES_MAX)
        abort();
    for (size_t i = 0; i < table.address_count; i++)
        if (memchr(table.addresses[i].interface, '\0', PH_INTERFACE_NAME_MAX) ==
            NULL)
            abort();
    (void)ph_addresses_choose(table.addresses, table.address_count,
                              "eth* !eth1");
    return 0;
}
