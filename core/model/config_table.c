#include "printhold/model/config.h"

#include "printhold/base/attr.h"
#include "printhold/model/job.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define TIB (1024 * GIB)
#define DAY 86400

#ifdef __APPLE__
#define AGENT_USER   "_printhold"
#define CAPTURE_USER "_lp"
#define CUPS_SOCKET  "/private/var/run/cupsd"
#else
#define AGENT_USER   "printhold"
#define CAPTURE_USER "lp"
#define CUPS_SOCKET  "/run/cups/cups.sock"
#endif

/* A UNIX socket's name must fit sun_path: 104 bytes with NUL on macOS. */
#define SOCKET_MAX 103
/* Names are made inside these directories: leave room for them. */
#define DIR_MAX   160
#define TEXT_LAST (PH_CONFIG_TEXT_MAX - 1)

#define AT(member) offsetof(struct ph_config, member)

static const struct ph_config_setting settings[] = {
    {"agent", "state_dir", PH_CONFIG_PATH, AT(state_dir), 1, DIR_MAX, NULL,
     PH_STATE_DIR, "Directory of the catalogue and the keys."},
    {"agent", "spool_dir", PH_CONFIG_PATH, AT(spool_dir), 1, DIR_MAX, NULL,
     PH_SPOOL_DIR, "Directory of the encrypted held jobs."},
    {"agent", "capture_socket", PH_CONFIG_PATH, AT(capture_socket), 1,
     SOCKET_MAX, NULL, PH_RUN_DIR "/capture.sock",
     "Socket on which the agent takes jobs from the CUPS backend."},
    {"agent", "control_socket", PH_CONFIG_PATH, AT(control_socket), 1,
     SOCKET_MAX, NULL, PH_RUN_DIR "/control.sock",
     "Socket on which the agent answers the printhold command."},
    {"agent", "agent_user", PH_CONFIG_TEXT, AT(agent_user), 1, 64, NULL,
     AGENT_USER, "Account of the agent; the backend talks to no other."},
    {"agent", "capture_user", PH_CONFIG_TEXT, AT(capture_user), 1, 64, NULL,
     CAPTURE_USER,
     "Account of the CUPS backends; the agent takes jobs from no other."},
    {"agent", "log_level", PH_CONFIG_CHOICE, AT(log_level), 0, 0,
     "error|warning|notice|info|debug", "info", "Least level that is logged."},
    {"agent", "https_program", PH_CONFIG_PATH, AT(https_program), 1, TEXT_LAST,
     NULL, PH_LIBEXEC_DIR "/printhold-https",
     "Helper that is started to ask the hub something."},

    {"jobs", "retention", PH_CONFIG_DURATION, AT(retention_s),
     PH_RETENTION_MIN_S, PH_RETENTION_MAX_S, NULL, "24h",
     "How long a job is held before it is deleted unprinted."},
    {"jobs", "history", PH_CONFIG_DURATION, AT(history_s), PH_RETENTION_MIN_S,
     PH_RETENTION_MAX_S, NULL, "24h",
     "How long the record of a job is kept after the job has ended."},
    {"jobs", "job_size_max", PH_CONFIG_SIZE, AT(job_size_max), MIB, TIB, NULL,
     "8G", "Largest document that is taken."},
    {"jobs", "spool_size_max", PH_CONFIG_SIZE, AT(spool_size_max), MIB,
     1024 * TIB, NULL, "50G", "Most that all held jobs may use together."},
    {"jobs", "user_size_max", PH_CONFIG_SIZE, AT(user_size_max), MIB,
     1024 * TIB, NULL, "10G", "Most that the held jobs of one person may use."},
    {"jobs", "user_jobs_max", PH_CONFIG_NUMBER, AT(user_jobs_max), 1, 1000000,
     NULL, "1000", "Most held jobs of one person."},
    {"jobs", "free_reserve", PH_CONFIG_SIZE, AT(free_reserve), 0, 1024 * TIB,
     NULL, "512M", "Free space that is left to the rest of the system."},
    {"jobs", "capture_timeout", PH_CONFIG_DURATION, AT(capture_timeout_s), 1,
     DAY, NULL, "10m", "A capture without progress for so long is given up."},

    {"audit", "keep", PH_CONFIG_DURATION, AT(audit_keep_s), DAY, 3650 * DAY,
     NULL, "30d", "How long a record of the audit is kept."},
    {"audit", "records_max", PH_CONFIG_NUMBER, AT(audit_records_max), 1000,
     10000000, NULL, "100000",
     "Most records of the audit; beyond it the oldest go."},

    {"owner", "domain", PH_CONFIG_TEXT, AT(owner_domain), 0, TEXT_LAST, NULL,
     "", "Appended to the local account's name to make the login (e-mail)."},
    {"owner", "map_file", PH_CONFIG_PATH, AT(owner_map_file), 0, TEXT_LAST,
     NULL, "",
     "File of lines 'account = login', which count before the domain."},

    {"enrolment", "server", PH_CONFIG_TEXT, AT(enrol_server), 0, TEXT_LAST,
     NULL, "",
     "Hub at which this computer enrols by itself, https://HOST, as soon as "
     "there is a token."},
    {"enrolment", "pin", PH_CONFIG_TEXT, AT(enrol_pin), 0, 63, NULL, "",
     "Pin of that hub's authority; this or ca_file."},
    {"enrolment", "ca_file", PH_CONFIG_PATH, AT(enrol_ca_file), 0, TEXT_LAST,
     NULL, "", "Certificate of that hub's authority, PEM; this or pin."},

    {"cups", "socket", PH_CONFIG_PATH, AT(cups_socket), 0, SOCKET_MAX, NULL,
     CUPS_SOCKET,
     "Socket of cupsd, where its own copies of captured jobs are purged; "
     "empty: CUPS keeps them as its PreserveJobFiles says."},

    {"keys", "level", PH_CONFIG_CHOICE, AT(key_level), 0, 0,
     "file|host|tpm2|keychain", "file", "How the machine key is protected."},
    {"keys", "file", PH_CONFIG_PATH, AT(key_file), 1, TEXT_LAST, NULL,
     PH_STATE_DIR "/machine.key",
     "File of the machine key, mode 0400; unless set machine.key in "
     "state_dir, or machine.cred at the levels host and tpm2."},

    {"identity", "ca_file", PH_CONFIG_PATH, AT(ca_file), 0, TEXT_LAST, NULL, "",
     "Certificates of the fleet CA, PEM."},
    {"identity", "cert_file", PH_CONFIG_PATH, AT(cert_file), 0, TEXT_LAST, NULL,
     "",
     "Certificate of this workstation, then of those between it and the CA, "
     "PEM."},
    {"identity", "key_file", PH_CONFIG_PATH, AT(cert_key_file), 0, TEXT_LAST,
     NULL, "", "Private key of the certificate, PEM."},

    {"cloud", "url", PH_CONFIG_WSS_URLS, AT(cloud_url), 0, TEXT_LAST, NULL, "",
     "Broker of the cloud, wss:// only, or up to eight in their order; empty: "
     "no cloud."},
    {"cloud", "trust", PH_CONFIG_CHOICE, AT(cloud_trust), 0, 0,
     "private|system", "private",
     "Whose signature the broker's certificate needs: that of ca_file, or of "
     "an authority of the system."},
    {"cloud", "ca_file", PH_CONFIG_PATH, AT(cloud_ca_file), 0, TEXT_LAST, NULL,
     "", "CA of the broker's certificate; empty: identity.ca_file."},
    {"cloud", "user", PH_CONFIG_TEXT, AT(cloud_user), 0, TEXT_LAST, NULL, "",
     "User name at the broker; empty: the certificate alone."},
    {"cloud", "token_file", PH_CONFIG_PATH, AT(cloud_token_file), 0, TEXT_LAST,
     NULL, "", "Password or token of that user, mode 0600."},
    {"cloud", "proxy", PH_CONFIG_TEXT, AT(cloud_proxy), 0, TEXT_LAST, NULL, "",
     "HTTP proxy, http://host:port; empty or none: no proxy."},
    {"cloud", "proxy_credentials_file", PH_CONFIG_PATH,
     AT(cloud_proxy_credentials_file), 0, TEXT_LAST, NULL, "",
     "File with user:password for the proxy, mode 0600."},
    {"cloud", "no_proxy", PH_CONFIG_TEXT, AT(cloud_no_proxy), 0, TEXT_LAST,
     NULL, "", "Hosts that are reached without the proxy, with commas."},
    {"cloud", "directory_key_file", PH_CONFIG_PATH, AT(directory_key_file), 0,
     TEXT_LAST, NULL, "",
     "Key of the hash that names a person's directory document."},
    {"cloud", "title", PH_CONFIG_CHOICE, AT(title_policy), 0, 0,
     "full|first-word|hidden", "full",
     "What of a job's title leaves this computer."},

    {"release", "address", PH_CONFIG_ADDRESS, AT(release_address), 1, 64, NULL,
     "::", "Address on which printers pull; :: is every IPv6 and IPv4 one."},
    {"release", "interfaces", PH_CONFIG_TEXT, AT(release_interfaces), 0,
     TEXT_LAST, NULL, "",
     "Interfaces whose addresses printers are told, patterns of names such as "
     "'eth* wl*' or '!wlan1'; empty: all but those of containers."},
    {"release", "port", PH_CONFIG_NUMBER, AT(release_port), 0, 65535, NULL,
     "9443", "TCP port on which printers pull; 0: any free one, for tests."},
    {"release", "issuer", PH_CONFIG_TEXT, AT(issuer), 0, TEXT_LAST, NULL, "",
     "Issuer (iss) that a release grant must name."},
    {"release", "issuer_key_file", PH_CONFIG_PATH, AT(issuer_key_file), 0,
     TEXT_LAST, NULL, "",
     "Public keys of the issuer, PEM; empty: nobody can release."},
    {"release", "printer_ca_file", PH_CONFIG_PATH, AT(printer_ca_file), 0,
     TEXT_LAST, NULL, "",
     "CA of the printers' certificates; empty: identity.ca_file."},
    {"release", "denied_printers_file", PH_CONFIG_PATH,
     AT(denied_printers_file), 0, TEXT_LAST, NULL, "",
     "Printers and certificates that are not served; empty: denied-printers "
     "in state_dir, if there is one."},
    {"release", "confidential_amr", PH_CONFIG_TEXT, AT(confidential_amr), 1,
     TEXT_LAST, NULL, "badge pin",
     "Ways of signing in (amr) that a confidential job needs, all of them."},
    {"release", "pulls_max", PH_CONFIG_NUMBER, AT(release_pulls_max), 1, 10000,
     NULL, "64", "Most documents that are sent at the same time."},
    {"release", "lease", PH_CONFIG_DURATION, AT(lease_s), 10, DAY, NULL, "10m",
     "How long a printer may hold a job without a sign of life."},
    {"release", "offline_code", PH_CONFIG_CHOICE, AT(offline_code), 0, 0,
     "yes|no", "yes",
     "Whether people may make codes that release their jobs without the "
     "cloud."},

    {"notify", "enabled", PH_CONFIG_CHOICE, AT(notify), 0, 0, "yes|no", "yes",
     "Whether people are told on their desktop what becomes of their jobs."},

    {"backend", "agent_wait", PH_CONFIG_DURATION, AT(agent_wait_s), 0, 3600,
     NULL, "30s",
     "How long a job waits for an absent agent before CUPS "
     "holds it."},
    {"backend", "pagecount_program", PH_CONFIG_PATH, AT(pagecount_program), 0,
     TEXT_LAST, NULL, PH_LIBEXEC_DIR "/printhold-pagecount",
     "Confined helper that counts pages; empty: pages are not counted."},
    {"backend", "pagecount_document_max", PH_CONFIG_SIZE,
     AT(pagecount_document_max), 0, TIB, NULL, "256M",
     "Larger documents have their pages not counted."},
    {"backend", "pagecount_memory_max", PH_CONFIG_SIZE,
     AT(pagecount_memory_max), 16 * MIB, TIB, NULL, "1G",
     "Memory limit of the page counter."},
    {"backend", "pagecount_cpu", PH_CONFIG_DURATION, AT(pagecount_cpu_s), 1,
     3600, NULL, "20s", "CPU time limit of the page counter."},
};

const struct ph_config_setting *
ph_config_table(size_t *out_count)
{
    *out_count = PH_COUNT(settings);
    return settings;
}
