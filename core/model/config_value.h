/*
 * What the readers of settings share: the form, one value of it, one file.
 */
#ifndef PH_MODEL_CONFIG_VALUE_H
#define PH_MODEL_CONFIG_VALUE_H

#include "printhold/model/config.h"

/* The form of printhold.conf. */
struct ph_config_form ph_config_own_form(void);

/* Index in the form's table; its count when there is no such setting. */
size_t ph_config_find(const struct ph_config_form *form, const char *section,
                      const char *key);

/* As ph_config_parse_noting, of any form. */
int ph_config_form_parse_noting(const struct ph_config_form *form, void *config,
                                const char *name, const char *text, size_t len,
                                const struct ph_config_notes *notes,
                                struct ph_why *why);

/* Without the blanks around it, in place. */
char *ph_config_trim(char *text);

/* Put a value of the right kind and range in its place; PH_ERR_INVALID for any
 * other, and nothing changes. */
int ph_config_set_value(void *config, const struct ph_config_setting *setting,
                        const char *value);

/* What a value may be, for people. */
void ph_config_describe(const struct ph_config_setting *setting, char *dst,
                        size_t cap);

/* keys.file lies in state_dir unless a file says otherwise: after is what
 * became of before. */
void ph_config_follow_state_dir(const struct ph_config *before,
                                struct ph_config *after);

#endif
