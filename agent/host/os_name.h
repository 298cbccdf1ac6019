/* What the operating system calls itself. */
#ifndef PRINTHOLD_AGENT_OS_NAME_H
#define PRINTHOLD_AGENT_OS_NAME_H

#define PH_OS_NAME_MAX 64

/* Clean UTF-8; empty what is not known. */
struct ph_os_name {
    char name[PH_OS_NAME_MAX];
    char version[PH_OS_NAME_MAX];
};

/* Linux: NAME and VERSION_ID of os-release(5), else the kernel's names. */
void ph_os_name(struct ph_os_name *out_name);

#ifdef __linux__
/* The text of an os-release file; what is malformed in it counts for nothing.
 * Names it does not tell stay as they are. */
void ph_os_release_parse(const char *text, struct ph_os_name *name);
#endif

#endif
