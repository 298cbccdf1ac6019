#include "machine_mark_private.h"

#include <CoreFoundation/CoreFoundation.h>
#include <IOKit/IOKitLib.h>

#include "printhold/base/err.h"

int
ph_machine_number(char out_number[MACHINE_NUMBER_MAX], struct ph_why *why)
{
    io_service_t platform = IOServiceGetMatchingService(
        0, IOServiceMatching("IOPlatformExpertDevice"));
    CFTypeRef uuid = NULL;
    Boolean known = false;

    if (platform != 0) {
        uuid = IORegistryEntryCreateCFProperty(
            platform, CFSTR("IOPlatformUUID"), kCFAllocatorDefault, 0);
        IOObjectRelease(platform);
    }
    if (uuid != NULL && CFGetTypeID(uuid) == CFStringGetTypeID())
        known = CFStringGetCString((CFStringRef)uuid, out_number,
                                   MACHINE_NUMBER_MAX, kCFStringEncodingUTF8);
    if (uuid != NULL)
        CFRelease(uuid);
    return known ? PH_OK
                 : ph_why_fail(why, PH_ERR_NOT_FOUND,
                               "this computer does not tell its number "
                               "(IOPlatformUUID)");
}
