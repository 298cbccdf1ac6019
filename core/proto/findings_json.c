#include "printhold/model/findings.h"

#include "printhold/proto/json.h"

static json_t *
finding_json(const struct ph_finding *finding)
{
    json_t *item = json_pack("{s:s}", "text", finding->why.text);

    if (finding->file[0] != '\0')
        (void)json_object_set_new(item, "file", json_string(finding->file));
    if (finding->line > 0)
        (void)json_object_set_new(item, "line", json_integer(finding->line));
    return item;
}

json_t *
ph_json_findings(const struct ph_findings *findings)
{
    json_t *list = json_array();

    for (size_t i = 0; i < findings->count; i++)
        (void)json_array_append_new(list, finding_json(&findings->list[i]));
    return json_pack("{s:b, s:I, s:o}", "valid", (int)(findings->count == 0),
                     "more", (json_int_t)findings->more, "findings", list);
}
