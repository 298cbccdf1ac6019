/*
 * Whether the firewall of this computer lets printers in: by its files, since
 * a connection from here to here meets none of its rules. Its own programs
 * would want root, and a message bus.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/stat.h>

#include "doctor.h"
#include "printhold/base/err.h"

#define FILE_MAX 65536

/* A line "key=value" of a file of settings; value is not quoted. */
static bool
setting(const char *text, const char *key, char *dst, size_t cap)
{
    const size_t key_len = strlen(key);

    for (; text != NULL; text = strchr(text, '\n')) {
        text += strspn(text, "\n \t");
        if (strncmp(text, key, key_len) == 0 && text[key_len] == '=') {
            text += key_len + 1;
            (void)snprintf(dst, cap, "%.*s", (int)strcspn(text, "\r\n "), text);
            return true;
        }
    }
    return false;
}

/* Is the port in "9443", "1025-65535" or "1025:65535"? */
static bool
covers(const char *range, unsigned long port)
{
    char *end;
    unsigned long low = strtoul(range, &end, 10), high = low;

    if (end == range)
        return false;
    if (*end == '-' || *end == ':')
        high = strtoul(end + 1, NULL, 10);
    return low <= port && port <= high;
}

/* "### tuple ### allow tcp 9443 0.0.0.0/0 any 0.0.0.0/0 in", for each rule. */
static bool
ufw_allows(char *rules, unsigned long port)
{
    char protocol[8], ports[128], *line, *place = NULL;

    for (line = strtok_r(rules, "\n", &place); line != NULL;
         line = strtok_r(NULL, "\n", &place)) {
        if (sscanf(line, "### tuple ### allow %7s %127s", protocol, ports) ==
                2 &&
            (strcmp(protocol, "tcp") == 0 || strcmp(protocol, "any") == 0) &&
            covers(ports, port))
            return true;
    }
    return false;
}

static void
ask_for(struct ph_doctor_finding *finding, const char *firewall,
        unsigned long port, const char *remedy)
{
    ph_doctor_warn(finding, "%s lets nobody in at port %lu", firewall, port);
    ph_doctor_remedy(finding, "%s", remedy);
}

/* Whether there is a ufw that is on. */
static bool
judge_ufw(const struct ph_doctor *doctor, unsigned long port, char *text,
          struct ph_doctor_finding *finding)
{
    char on[8];

    if (ph_doctor_read(doctor, "/etc/ufw/ufw.conf", text, FILE_MAX) != PH_OK ||
        !setting(text, "ENABLED", on, sizeof(on)) || strcmp(on, "yes") != 0)
        return false;
    if (ph_doctor_read(doctor, "/etc/ufw/user.rules", text, FILE_MAX) !=
        PH_OK) {
        ph_doctor_warn(finding, "ufw is on, and its rules may not be read");
        ph_doctor_remedy(finding, "ask again as root");
    } else if (ufw_allows(text, port)) {
        ph_doctor_ok(finding, "ufw allows port %lu", port);
    } else {
        ask_for(finding, "ufw", port, "ufw allow PrintHold");
    }
    return true;
}

/* <service name="printhold"/>, <port port="9443" protocol="tcp"/> */
static bool
zone_allows(const char *zone, unsigned long port)
{
    if (port == 9443 && strstr(zone, "<service name=\"printhold\"") != NULL)
        return true;
    if (strstr(zone, "target=\"ACCEPT\"") != NULL)
        return true;
    while ((zone = strstr(zone, "<port ")) != NULL) {
        const char *end = strchr(zone, '>');
        const char *range = strstr(zone, " port=\"");
        const char *tcp = strstr(zone, "protocol=\"tcp\"");

        if (end != NULL && range != NULL && range < end && tcp != NULL &&
            tcp < end && covers(range + strlen(" port=\""), port))
            return true;
        zone++;
    }
    return false;
}

static bool
judge_firewalld(const struct ph_doctor *doctor, unsigned long port, char *text,
                struct ph_doctor_finding *finding)
{
    static const char *const places[] = {"/etc", "/usr/lib"}; /* the first */
    char zone[64] = "public", path[PH_DOCTOR_PATH_MAX];
    struct stat st;
    bool known = false;

    ph_doctor_path(doctor,
                   "/etc/systemd/system/multi-user.target.wants/"
                   "firewalld.service",
                   path);
    if (lstat(path, &st) != 0)
        return false;
    if (ph_doctor_read(doctor, "/etc/firewalld/firewalld.conf", text,
                       FILE_MAX) == PH_OK)
        (void)setting(text, "DefaultZone", zone, sizeof(zone));
    for (size_t i = 0; i < PH_COUNT(places) && !known; i++) {
        (void)snprintf(path, sizeof(path), "%s/firewalld/zones/%s.xml",
                       places[i], zone);
        known = ph_doctor_read(doctor, path, text, FILE_MAX) == PH_OK;
    }
    if (!known) {
        ph_doctor_warn(finding, "firewalld's zone %s may not be read", zone);
        ph_doctor_remedy(finding, "ask again as root");
    } else if (zone_allows(text, port)) {
        ph_doctor_ok(finding, "firewalld's zone %s allows port %lu", zone,
                     port);
    } else {
        ask_for(finding, "firewalld", port,
                "firewall-cmd --permanent --add-service=printhold && "
                "firewall-cmd --reload");
    }
    return true;
}

void
ph_doctor_firewall(const struct ph_doctor *doctor,
                   struct ph_doctor_finding *finding)
{
    const unsigned long port = (unsigned long)doctor->config.release_port;
    char *text = malloc(FILE_MAX);

    if (text != NULL && !judge_ufw(doctor, port, text, finding) &&
        !judge_firewalld(doctor, port, text, finding))
        ph_doctor_ok(finding, "neither ufw nor firewalld is on here");
    free(text);
}
