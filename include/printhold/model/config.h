/*
 * Settings. Every setting stands once, in the table of config_table.c: name,
 * kind, range, default, help. Files are INI: "[section]", "key = value",
 * comments with # or ;, UTF-8 with or without byte-order mark, at most 64 KiB
 * and 1,024 bytes a line. Later files and lines win. An unknown section or
 * key, a malformed line and a value out of range are refused with file and
 * line. keys.file follows state_dir and keys.level as long as it is not set.
 *
 * Read are, in this order: <dir>/printhold.conf, <dir>/conf.d/ *.conf in the
 * order of their names, and what device management forces (config_managed.h);
 * <dir> is the environment variable PRINTHOLD_CONFIG_DIR or the compiled-in
 * directory. No file at all is fine:
 * the defaults work; only a directory that was asked for by name must exist.
 * Each must be a regular file, owned by root or the reader and writable by
 * nobody else; any other is refused, never skipped.
 */
#ifndef PRINTHOLD_MODEL_CONFIG_H
#define PRINTHOLD_MODEL_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "printhold/base/why.h"
#include "printhold/model/findings.h"

#define PH_CONFIG_TEXT_MAX  256
#define PH_CONFIG_FILE_MAX  65536
#define PH_CONFIG_LINE_MAX  1024
#define PH_CONFIG_PATH_MAX  1024 /* of a file of settings */
#define PH_CONFIG_FILES_MAX 256  /* in conf.d */

/* Beside printhold.conf, root's, mode 0600: the token that enrols this computer,
 * and the one that the hub has refused. */
#define PH_CONFIG_TOKEN         "enrol-token"
#define PH_CONFIG_TOKEN_REFUSED "enrol-token.refused"

struct ph_config {
    /* [agent] */
    char state_dir[PH_CONFIG_TEXT_MAX];
    char spool_dir[PH_CONFIG_TEXT_MAX];
    char capture_socket[PH_CONFIG_TEXT_MAX];
    char control_socket[PH_CONFIG_TEXT_MAX];
    char agent_user[PH_CONFIG_TEXT_MAX];   /* whom the backend talks to */
    char capture_user[PH_CONFIG_TEXT_MAX]; /* whom the agent takes jobs from */
    char log_level[PH_CONFIG_TEXT_MAX];
    char https_program[PH_CONFIG_TEXT_MAX]; /* asks the hub for the agent */
    /* [jobs] */
    uint64_t retention_s;
    uint64_t history_s;
    uint64_t job_size_max;
    uint64_t spool_size_max;
    uint64_t user_size_max;
    uint64_t user_jobs_max;
    uint64_t free_reserve;
    uint64_t capture_timeout_s; /* a capture with no progress is given up */
    /* [audit] */
    uint64_t audit_keep_s;
    uint64_t audit_records_max;
    /* [owner] */
    char owner_domain[PH_CONFIG_TEXT_MAX];
    char owner_map_file[PH_CONFIG_TEXT_MAX]; /* empty: none */
    /* [enrolment]: of the one that nobody is at */
    char enrol_server[PH_CONFIG_TEXT_MAX];
    char enrol_pin[PH_CONFIG_TEXT_MAX];
    char enrol_ca_file[PH_CONFIG_TEXT_MAX];
    /* [cups] */
    char cups_socket[PH_CONFIG_TEXT_MAX]; /* empty: CUPS is not purged */
    /* [keys] */
    char key_level[PH_CONFIG_TEXT_MAX];
    char key_file[PH_CONFIG_TEXT_MAX];
    /* [identity] certificate of this workstation */
    char ca_file[PH_CONFIG_TEXT_MAX];
    char cert_file[PH_CONFIG_TEXT_MAX];
    char cert_key_file[PH_CONFIG_TEXT_MAX];
    /* [cloud]; empty url = no cloud */
    char cloud_url[PH_CONFIG_TEXT_MAX];     /* one, or up to eight */
    char cloud_trust[PH_CONFIG_TEXT_MAX];   /* private, system */
    char cloud_ca_file[PH_CONFIG_TEXT_MAX]; /* empty: identity.ca_file */
    char cloud_user[PH_CONFIG_TEXT_MAX];
    char cloud_token_file[PH_CONFIG_TEXT_MAX];
    char cloud_proxy[PH_CONFIG_TEXT_MAX]; /* http://host:port, none, empty */
    char cloud_proxy_credentials_file[PH_CONFIG_TEXT_MAX];
    char cloud_no_proxy[PH_CONFIG_TEXT_MAX];
    char directory_key_file[PH_CONFIG_TEXT_MAX];
    char title_policy[PH_CONFIG_TEXT_MAX]; /* full, first-word, hidden */
    /* [release]; empty issuer_key_file = nobody can release */
    char release_address[PH_CONFIG_TEXT_MAX];
    char release_interfaces[PH_CONFIG_TEXT_MAX]; /* patterns of names */
    uint64_t release_port;
    char issuer[PH_CONFIG_TEXT_MAX];
    char issuer_key_file[PH_CONFIG_TEXT_MAX];      /* PEM, one or more keys */
    char printer_ca_file[PH_CONFIG_TEXT_MAX];      /* empty: identity.ca_file */
    char denied_printers_file[PH_CONFIG_TEXT_MAX]; /* empty: in state_dir */
    char confidential_amr[PH_CONFIG_TEXT_MAX]; /* words, all of them needed */
    uint64_t release_pulls_max;
    uint64_t lease_s;
    char offline_code[PH_CONFIG_TEXT_MAX]; /* yes, no */
    /* [notify] */
    char notify[PH_CONFIG_TEXT_MAX]; /* yes, no */
    /* [backend] */
    uint64_t agent_wait_s;
    char pagecount_program[PH_CONFIG_TEXT_MAX];
    uint64_t pagecount_document_max;
    uint64_t pagecount_memory_max;
    uint64_t pagecount_cpu_s;
};

/* All defaults. */
void ph_config_init(struct ph_config *config);

/* Where the machine key of a level lies unless keys.file says otherwise. */
void ph_config_default_key_file(const char *state_dir, const char *level,
                                char dst[PH_CONFIG_TEXT_MAX]);

/* Read one file's text over what is there; name is used in why. On failure,
 * PH_ERR_CONFIG, nothing has changed. */
int ph_config_parse(struct ph_config *config, const char *name,
                    const char *text, size_t len, struct ph_why *why);

/* The directory that NULL means below. */
const char *ph_config_dir(void);

/* Where the value of a setting was read; file "" is the default. line is 0 for
 * PH_CONFIG_MANAGED, which has none. */
struct ph_config_origin {
    char file[PH_CONFIG_PATH_MAX];
    unsigned line;
};
#define PH_CONFIG_MANAGED "managed preferences"

/* What a reader notes beside the values; each may be NULL. */
struct ph_config_notes {
    /* As many as the table has settings, in its order. Of what is set they are
     * changed, even by a text that fails. */
    struct ph_config_origin *origins;
    /* With it the reader goes on behind each mistake, lists it, takes what is
     * right, and fails for want of memory only. */
    struct ph_findings *findings;
};

/* As ph_config_parse; notes may be NULL. A text that is too long fails. */
int ph_config_parse_noting(struct ph_config *config, const char *name,
                           const char *text, size_t len,
                           const struct ph_config_notes *notes,
                           struct ph_why *why);

/* Defaults, then the files of dir (NULL means as described above), then what
 * device management forces. PH_ERR_CONFIG for a bad file or value,
 * PH_ERR_DENIED for a file with bad rights. */
int ph_config_load(const char *dir, struct ph_config *out_config,
                   struct ph_why *why);

/* The same; all origins are set. notes may be NULL. */
int ph_config_load_noting(const char *dir, struct ph_config *out_config,
                          const struct ph_config_notes *notes,
                          struct ph_why *why);

/* The same without what device management forces: for the backend, which
 * cupsd's sandbox keeps from asking (config_managed.h). */
int ph_config_load_files(const char *dir, struct ph_config *out_config,
                         const struct ph_config_notes *notes,
                         struct ph_why *why);

/* Settings that do not go together: each is added to findings, with the file
 * and line of the one that must change. */
void ph_config_check_rules(const struct ph_config *config,
                           const struct ph_config_origin *origins,
                           struct ph_findings *findings);

/* Add text to findings, with the file and line that set what lies at offset. */
void ph_config_blame(const struct ph_config_origin *origins, size_t offset,
                     const char *text, struct ph_findings *findings);

/* Is the open file fit to be believed, as described above, and of at most max
 * bytes? PH_ERR_DENIED, PH_ERR_CONFIG for the size. */
int ph_config_check_rights(int fd, const char *path, size_t max,
                           struct stat *out_stat, struct ph_why *why);

/* The table, for --help, the documentation check and config show. */
enum ph_config_kind {
    PH_CONFIG_TEXT,     /* clean text, min..max bytes */
    PH_CONFIG_PATH,     /* absolute path or empty, min..max bytes */
    PH_CONFIG_ADDRESS,  /* IPv4 or IPv6 address */
    PH_CONFIG_WSS_URL,  /* wss://host[:port][/path] or empty */
    PH_CONFIG_WSS_URLS, /* up to 8 of them with blanks between, or empty */
    PH_CONFIG_NUMBER,   /* min..max */
    PH_CONFIG_SIZE,     /* bytes, min..max */
    PH_CONFIG_DURATION, /* seconds, min..max */
    PH_CONFIG_CHOICE,   /* one of choices, separated by | */
};
struct ph_config_setting {
    const char *section;
    const char *key;
    enum ph_config_kind kind;
    size_t offset; /* in struct ph_config */
    uint64_t min;
    uint64_t max;
    const char *choices;
    const char *default_text;
    const char *help;
};
const struct ph_config_setting *ph_config_table(size_t *out_count);

/* The value of a setting as text, as a file would have it; cut at cap. config
 * is what the setting's offset counts in. */
void ph_config_format(const void *config,
                      const struct ph_config_setting *setting, char *dst,
                      size_t cap);

/*
 * The same syntax with settings of its own, for a program that is not on
 * workstations: its table, and the struct that the offsets count in.
 */
struct ph_config_form {
    const struct ph_config_setting *table;
    size_t count;
    size_t size;
    const char *page; /* the manual page that why refers to */
};

/* All defaults. */
void ph_config_form_init(const struct ph_config_form *form, void *config);
/* One file over what is there: as ph_config_load_noting, but notes are needed,
 * and origins are as many as the form has settings. A file that is optional
 * need not be there. */
int ph_config_form_load_noting(const struct ph_config_form *form, void *config,
                               const char *path, bool is_optional,
                               const struct ph_config_notes *notes,
                               struct ph_why *why);

/* As ph_config_blame. */
void ph_config_form_blame(const struct ph_config_form *form,
                          const struct ph_config_origin *origins, size_t offset,
                          const char *text, struct ph_findings *findings);

#endif
