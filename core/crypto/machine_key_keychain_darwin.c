/*
 * The level keychain: the key is a generic password in the System keychain.
 *
 * The item is made by 'printhold-agent key init', as root, and macOS puts the
 * program that made an item on its access list, alone: the agent reads it, any
 * other program is refused. The account name is the source, so that two state
 * directories have two items. Never run on a Mac by this project's tests: it is
 * compiled and linked only.
 */
#include "machine_key_level.h"

#include <string.h>

#if __has_include(<Security/Security.h>)
#include <CoreFoundation/CoreFoundation.h>
#include <Security/Security.h>
#else
/* What we use of it, where the compiler brings no frameworks. */
#include <MacTypes.h>
typedef const void *CFTypeRef;
typedef struct OpaqueSecKeychainRef *SecKeychainRef;
typedef struct OpaqueSecKeychainItemRef *SecKeychainItemRef;
enum {
    errSecSuccess = 0,
    errSecAuthFailed = -25293,
    errSecDuplicateItem = -25299,
    errSecItemNotFound = -25300,
    errSecInteractionNotAllowed = -25308,
};
void CFRelease(CFTypeRef object);
OSStatus SecKeychainSetUserInteractionAllowed(Boolean state);
OSStatus SecKeychainOpen(const char *path, SecKeychainRef *keychain);
OSStatus SecKeychainAddGenericPassword(SecKeychainRef keychain,
                                       UInt32 service_len, const char *service,
                                       UInt32 account_len, const char *account,
                                       UInt32 len, const void *bytes,
                                       SecKeychainItemRef *item);
OSStatus SecKeychainFindGenericPassword(CFTypeRef keychain, UInt32 service_len,
                                        const char *service, UInt32 account_len,
                                        const char *account, UInt32 *len,
                                        void **bytes, SecKeychainItemRef *item);
OSStatus SecKeychainItemModifyAttributesAndData(SecKeychainItemRef item,
                                                const void *attributes,
                                                UInt32 len, const void *bytes);
OSStatus SecKeychainItemDelete(SecKeychainItemRef item);
OSStatus SecKeychainItemFreeContent(void *attributes, void *bytes);
#endif

#include "printhold/base/err.h"
#include "printhold/base/wipe.h"

#define KEYCHAIN "/Library/Keychains/System.keychain"
#define SERVICE  "org.printhold.machine-key"

static int
translate(OSStatus status)
{
    switch (status) {
    case errSecSuccess:
        return PH_OK;
    case errSecItemNotFound:
        return PH_ERR_NOT_FOUND;
    case errSecDuplicateItem:
        return PH_ERR_EXISTS;
    case errSecAuthFailed:
    case errSecInteractionNotAllowed:
        return PH_ERR_DENIED;
    default:
        return PH_ERR_IO;
    }
}

/* Nobody sits in front of a service: what would ask is a refusal. */
static int
open_keychain(SecKeychainRef *out_keychain)
{
    OSStatus status = SecKeychainSetUserInteractionAllowed(false);

    if (status == errSecSuccess)
        status = SecKeychainOpen(KEYCHAIN, out_keychain);
    return translate(status);
}

/* The item, and its bytes when key is not NULL. CFRelease the item. */
static int
find_item(const char *account, uint8_t *key, SecKeychainItemRef *out_item)
{
    SecKeychainRef keychain = NULL;
    SecKeychainItemRef item = NULL;
    UInt32 len = 0;
    void *bytes = NULL;
    int err = open_keychain(&keychain);

    if (err != PH_OK)
        return err;
    err = translate(SecKeychainFindGenericPassword(
        keychain, (UInt32)strlen(SERVICE), SERVICE, (UInt32)strlen(account),
        account, key != NULL ? &len : NULL, key != NULL ? &bytes : NULL,
        &item));
    CFRelease(keychain);
    if (err != PH_OK)
        return err;
    if (key != NULL && len == PH_KEY_BYTES)
        memcpy(key, bytes, PH_KEY_BYTES);
    else if (key != NULL)
        err = PH_ERR_INVALID;
    if (bytes != NULL) {
        ph_wipe(bytes, len);
        (void)SecKeychainItemFreeContent(NULL, bytes);
    }
    if (err == PH_OK)
        *out_item = item;
    else
        CFRelease(item);
    return err;
}

int
ph_machine_key_keychain_load(PH_MACHINE_KEY_PARAMS)
{
    SecKeychainItemRef item = NULL;
    int err = find_item(source, key, &item);

    (void)level;
    if (err == PH_OK)
        CFRelease(item);
    if (err == PH_ERR_NOT_FOUND)
        return ph_why_fail(why, err,
                           "the System keychain has no machine key \"%s\"; "
                           "restore it, or make the first one with "
                           "'printhold-agent key init' as root",
                           source);
    if (err == PH_ERR_INVALID)
        return ph_why_fail(why, err,
                           "the machine key \"%s\" in the System keychain does "
                           "not have %d bytes; restore it from the backup",
                           source, PH_KEY_BYTES);
    if (err != PH_OK)
        return ph_why_fail(why, err,
                           "the System keychain does not give the machine key "
                           "\"%s\" to this program (%s); it must be the one "
                           "that made it",
                           source, ph_err_text(err));
    return PH_OK;
}

int
ph_machine_key_keychain_store(PH_MACHINE_KEY_STORE_PARAMS)
{
    SecKeychainRef keychain = NULL;
    int err = open_keychain(&keychain);

    (void)level;
    if (err == PH_OK) {
        err = translate(SecKeychainAddGenericPassword(
            keychain, (UInt32)strlen(SERVICE), SERVICE, (UInt32)strlen(source),
            source, PH_KEY_BYTES, key, NULL));
        CFRelease(keychain);
    }
    if (err == PH_ERR_EXISTS)
        return ph_why_fail(why, err,
                           "the System keychain has a machine key \"%s\" "
                           "already; it is never replaced",
                           source);
    if (err != PH_OK)
        return ph_why_fail(why, err,
                           "cannot put the machine key \"%s\" in the System "
                           "keychain: %s; run this as root",
                           source, ph_err_text(err));
    return PH_OK;
}

int
ph_machine_key_keychain_find(const char *source, int64_t *out_since_ms)
{
    SecKeychainItemRef item = NULL;
    int err = find_item(source, NULL, &item);

    if (err == PH_OK) {
        CFRelease(item);
        *out_since_ms = 0;
    }
    return err;
}

int
ph_machine_key_keychain_remove(const char *source)
{
    SecKeychainItemRef item = NULL;
    int err = find_item(source, NULL, &item);

    if (err != PH_OK)
        return err;
    err = translate(SecKeychainItemDelete(item));
    CFRelease(item);
    return err;
}

/* The item's bytes are replaced in one step; in between both items have the
 * next key, and a rotation that goes on from there does the same again. */
int
ph_machine_key_keychain_promote(const char *next, const char *source)
{
    SecKeychainItemRef from = NULL, to = NULL;
    uint8_t key[PH_KEY_BYTES];
    int err = find_item(next, key, &from);

    if (err != PH_OK)
        return err;
    CFRelease(from);
    err = find_item(source, NULL, &to);
    if (err == PH_OK) {
        err = translate(SecKeychainItemModifyAttributesAndData(
            to, NULL, PH_KEY_BYTES, key));
        CFRelease(to);
    } else if (err == PH_ERR_NOT_FOUND) {
        err = ph_machine_key_keychain_store(NULL, source, key, NULL);
    }
    ph_wipe(key, sizeof(key));
    return err == PH_OK ? ph_machine_key_keychain_remove(next) : err;
}
