#include "printhold/model/ticket.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

/* Members of the ticket by name, so that a case is one line. */
static const struct {
    const char *name;
    size_t offset;
} members[] = {
#define MEMBER(member)                              \
    {                                               \
#member, offsetof(struct ph_ticket, member) \
    }
    MEMBER(sides),
    MEMBER(print_color_mode),
    MEMBER(media),
    MEMBER(finishings),
    MEMBER(orientation_requested),
    MEMBER(print_quality),
    MEMBER(output_bin),
    MEMBER(multiple_document_handling),
    MEMBER(job_uuid),
    MEMBER(submission_host),
    MEMBER(source),
#undef MEMBER
};

static const char *
member(const struct ph_ticket *ticket, const char *name)
{
    for (size_t i = 0; i < PH_COUNT(members); i++) {
        if (strcmp(members[i].name, name) == 0)
            return (const char *)ticket + members[i].offset;
    }
    fail_msg("no member %s", name);
    return NULL;
}

static const struct {
    const char *options;
    const char *member;
    const char *value;
} spellings[] = {
    /* sides */
    {"sides=two-sided-long-edge", "sides", "two-sided-long-edge"},
    {"Duplex=DuplexNoTumble", "sides", "two-sided-long-edge"},
    {"Duplex=DuplexTumble", "sides", "two-sided-short-edge"},
    {"Duplex=None", "sides", "one-sided"},
    {"duplex=duplextumble", "sides", "two-sided-short-edge"},
    {"sides=one-sided Duplex=DuplexTumble", "sides", "one-sided"},
    {"Duplex=DuplexTumble sides=one-sided", "sides", "one-sided"},
    {"sides=nonsense Duplex=DuplexTumble", "sides", "two-sided-short-edge"},
    {"sides=nonsense", "sides", ""},
    {"sides=", "sides", ""},
    {"sides", "sides", ""},
    /* colour; lp and Chromium add the queue's default in IPP spelling */
    {"print-color-mode=monochrome", "print_color_mode", "monochrome"},
    {"ColorModel=Gray", "print_color_mode", "monochrome"},
    {"ColorModel=RGB", "print_color_mode", "color"},
    {"print-color-mode=auto", "print_color_mode", "auto"},
    {"print-color-mode=bi-level", "print_color_mode", "monochrome"},
    {"ColorModel=Gray print-color-mode=color", "print_color_mode",
     "monochrome"},
    {"ColorModel=RGB print-color-mode=monochrome", "print_color_mode",
     "monochrome"},
    {"ColorModel=Plaid", "print_color_mode", ""},
    /* media */
    {"media=A4", "media", "iso_a4_210x297mm"},
    {"PageSize=A4", "media", "iso_a4_210x297mm"},
    {"PageSize=Letter", "media", "na_letter_8.5x11in"},
    {"PageSize=A4.Fullbleed", "media", "iso_a4_210x297mm"},
    {"PageSize=B5", "media", "jis_b5_182x257mm"},
    {"PageSize=ISOB5", "media", "iso_b5_176x250mm"},
    {"media=iso_a4", "media", "iso_a4_210x297mm"},
    {"media=iso-a4", "media", "iso_a4_210x297mm"},
    {"media=na_number-10_4.125x9.5in", "media", "na_number-10_4.125x9.5in"},
    {"media=custom_x_100x148.5mm", "media", "custom_x_100x148.5mm"},
    {"media=tray-1,A3,glossy", "media", "iso_a3_297x420mm"},
    {"media=A5 PageSize=A4", "media", "iso_a5_148x210mm"},
    {"media=unknown PageSize=A4", "media", "iso_a4_210x297mm"},
    {"media=iso_a4_210x297", "media", ""},
    {"media=iso_a4_x297mm", "media", ""},
    {"media=_210x297mm", "media", ""},
    {"media=iso_../../etc_210x297mm", "media", ""},
    {"media=,,,", "media", ""},
    /* finishings */
    {"finishings=4", "finishings", "staple"},
    {"finishings=3", "finishings", ""},
    {"finishings=20,74", "finishings", "staple-top-left,punch-dual-left"},
    {"finishings=staple-top-left", "finishings", "staple-top-left"},
    {"finishings=4,4,4", "finishings", "staple"},
    {"finishings=3 StapleLocation=TopLeft", "finishings", "staple-top-left"},
    {"finishings=20 StapleLocation=TopLeft", "finishings", "staple-top-left"},
    {"StapleLocation=DualLeft PunchHoles=QuadLeft", "finishings",
     "staple-dual-left,punch-quad-left"},
    {"StapleLocation=None", "finishings", ""},
    {"finishings=04", "finishings", ""},
    {"finishings=999999999999", "finishings", ""},
    {"finishings=-4", "finishings", ""},
    {"finishings=,,", "finishings", ""},
    /* the rest */
    {"orientation-requested=4", "orientation_requested", "landscape"},
    {"landscape", "orientation_requested", "landscape"},
    {"nolandscape", "orientation_requested", ""},
    {"landscape orientation-requested=3", "orientation_requested", "portrait"},
    {"orientation-requested=8", "orientation_requested", ""},
    {"print-quality=5", "print_quality", "high"},
    {"cupsPrintQuality=Draft", "print_quality", "draft"},
    {"print-quality=0", "print_quality", ""},
    {"output-bin=face-down", "output_bin", "face-down"},
    {"OutputBin=FaceDown", "output_bin", "face-down"},
    {"OutputBin=Tray2", "output_bin", "tray2"},
    {"output-bin=a;b", "output_bin", ""},
    {"Collate", "multiple_document_handling",
     "separate-documents-collated-copies"},
    {"collate", "multiple_document_handling",
     "separate-documents-collated-copies"},
    {"noCollate", "multiple_document_handling",
     "separate-documents-uncollated-copies"},
    {"Collate=False", "multiple_document_handling",
     "separate-documents-uncollated-copies"},
    {"multiple-document-handling=single-document", "multiple_document_handling",
     "single-document"},
    {"Collate=maybe", "multiple_document_handling", ""},
    {"job-uuid=urn:uuid:01234567-89AB-cdef-0123-456789abcdef", "job_uuid",
     "urn:uuid:01234567-89ab-cdef-0123-456789abcdef"},
    {"job-uuid=01234567-89ab-cdef-0123-456789abcdef", "job_uuid", ""},
    {"job-uuid=urn:uuid:0123456789ab-cdef-0123-456789abcdef0", "job_uuid", ""},
    {"job-originating-host-name=desk7.example.com", "submission_host",
     "desk7.example.com"},
    {"job-originating-host-name=a\\\nb", "submission_host", "a b"},
    {"com.apple.print.JobInfo.PMApplicationName=Text\\ Edit", "source",
     "Text Edit"},
    {"com.apple.print.JobInfo.PMApplicationName=\"Pre view\"", "source",
     "Pre view"},
};

static void
options_of_both_families_become_ipp_keywords(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(spellings); i++) {
        struct ph_ticket ticket;
        const char *value;

        ph_ticket_init(&ticket);
        ph_ticket_apply_options(&ticket, spellings[i].options);
        value = member(&ticket, spellings[i].member);
        if (strcmp(value, spellings[i].value) != 0)
            fail_msg("\"%s\": %s is \"%s\", not \"%s\"", spellings[i].options,
                     spellings[i].member, value, spellings[i].value);
    }
}

static void
numbers_are_taken_only_in_their_range(void **state)
{
    static const struct {
        const char *options;
        int number_up;
        int copies;
        long long submitted_ms;
    } cases[] = {
        {"number-up=4", 4, 1, -1},
        {"number-up=0", 1, 1, -1},
        {"number-up=-2", 1, 1, -1},
        {"number-up=257", 1, 1, -1},
        {"number-up=99999999999999999999", 1, 1, -1},
        {"copies=3", 1, 3, -1},
        {"copies=0", 1, 1, -1},
        {"copies=10000", 1, 1, -1},
        {"copies=3x", 1, 1, -1},
        {"time-at-creation=1795298183", 1, 1, 1795298183000},
        {"time-at-creation=", 1, 1, -1},
        {"time-at-creation=9999999999999999", 1, 1, -1},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_ticket ticket;

        ph_ticket_init(&ticket);
        ph_ticket_apply_options(&ticket, cases[i].options);
        assert_int_equal(ticket.number_up, cases[i].number_up);
        assert_int_equal(ticket.copies, cases[i].copies);
        assert_int_equal(ticket.submitted_ms, cases[i].submitted_ms);
    }
}

/* As measured on Debian 12; each begins with what cupsd adds itself. */
#define CUPSD                                                     \
    "job-uuid=urn:uuid:01234567-89ab-cdef-0123-456789abcdef "     \
    "job-originating-host-name=localhost date-time-at-creation= " \
    "date-time-at-processing= time-at-creation=1795298183 "       \
    "time-at-processing=1795298184 "
#define A4       "iso_a4_210x297mm"
#define LONG     "two-sided-long-edge"
#define TOGETHER "separate-documents-collated-copies"
#define APART    "separate-documents-uncollated-copies"

static const struct {
    const char *program;
    const char *options;
    const char *sides, *color, *media, *finishings, *collation;
    int number_up;
} programs[] = {
    {"lp",
     "finishings=3 number-up=2 print-color-mode=color "
     "sides=two-sided-long-edge document-name-supplied=five.pdf "
     "Duplex=DuplexNoTumble",
     LONG, "color", "", "", "", 2},
    {"GTK 3 and 4, evince: dialog",
     "ColorModel=Gray number-up-layout=lrtb number-up=2 Collate PageSize=A4 "
     "Duplex=DuplexNoTumble",
     LONG, "monochrome", A4, "", TOGETHER, 2},
    {"GTK without dialog", "number-up-layout=lrtb PageSize=A4 Collate", "", "",
     A4, "", TOGETHER, 1},
    {"Qt without dialog",
     "media=A4 Collate sides=two-sided-long-edge "
     "document-name-supplied=07d926b048172 Duplex=DuplexNoTumble PageSize=A4",
     LONG, "", A4, "", TOGETHER, 1},
    {"Qt 5: dialog",
     "media=A4 Collate sides=two-sided-long-edge number-up=2 "
     "number-up-layout=lrtb job-billing= ColorModel=Gray "
     "document-name-supplied=07d926b048172 Duplex=DuplexNoTumble PageSize=A4",
     LONG, "monochrome", A4, "", TOGETHER, 2},
    {"qpdfview",
     "noCollate ColorModel=RGB nofit-to-page Ink=COLOR job-billing= "
     "nolandscape number-up=1 outputorder=normal page-ranges=1-6 "
     "print-color-mode=color sides=one-sided Duplex=None",
     "one-sided", "color", "", "", APART, 1},
    {"LibreOffice, headless",
     "Duplex=None PageSize=A4 document-name-supplied=FYELIT", "one-sided", "",
     A4, "", "", 1},
    {"LibreOffice: dialog",
     "collate Duplex=DuplexNoTumble PageSize=A4 document-name-supplied=TXHT5r",
     LONG, "", A4, "", TOGETHER, 1},
    {"Chromium",
     "printer-state-reasons=none printer-is-accepting-jobs Resolution=300dpi "
     "PageSize=A4 printer-is-shared Collate marker-change-time=0 Duplex=None "
     "printer-location= printer-state=3 device-uri=printhold:/ "
     "printer-uri-supported=ipp://localhost/printers/PrintHold ColorModel=Gray "
     "print-color-mode=color printer-type=4337756 noprinter-is-temporary "
     "number-up=1 finishings=3",
     "one-sided", "monochrome", A4, "", TOGETHER, 1},
    {"Firefox", "print-color-mode=color Collate media=iso_a4", "", "color", A4,
     "", TOGETHER, 1},
    {"Java, by lpr", "document-name-supplied=javaprint", "", "", "", "", "", 1},
};

static void
expect_text(const char *program, const char *what, const char *is,
            const char *should)
{
    if (strcmp(is, should) != 0)
        fail_msg("%s: %s is \"%s\", not \"%s\"", program, what, is, should);
}

static void
the_options_of_real_programs_are_understood(void **state)
{
    (void)state;
    for (size_t i = 0; i < PH_COUNT(programs); i++) {
        const char *who = programs[i].program;
        struct ph_ticket ticket;
        char options[1024];

        (void)snprintf(options, sizeof(options), CUPSD "%s",
                       programs[i].options);
        ph_ticket_init(&ticket);
        ph_ticket_apply_options(&ticket, options);
        expect_text(who, "sides", ticket.sides, programs[i].sides);
        expect_text(who, "colour", ticket.print_color_mode, programs[i].color);
        expect_text(who, "media", ticket.media, programs[i].media);
        expect_text(who, "finishings", ticket.finishings,
                    programs[i].finishings);
        expect_text(who, "collation", ticket.multiple_document_handling,
                    programs[i].collation);
        expect_text(who, "host", ticket.submission_host, "localhost");
        expect_text(who, "uuid", ticket.job_uuid,
                    "urn:uuid:01234567-89ab-cdef-0123-456789abcdef");
        /* A made-up name of a temporary file is nobody's title. */
        expect_text(who, "title", ticket.job_name, "");
        assert_int_equal(ticket.number_up, programs[i].number_up);
        assert_int_equal(ticket.submitted_ms, 1795298183000);
    }
}

static void
a_job_overrides_the_queues_defaults_and_keeps_the_rest(void **state)
{
    struct ph_ticket ticket;

    (void)state;
    ph_ticket_init(&ticket);
    ph_ticket_apply_options(&ticket, "Duplex=DuplexNoTumble ColorModel=Gray "
                                     "StapleLocation=TopLeft PageSize=A4");
    /* lp states print-color-mode=monochrome, the queue's default, itself. */
    ph_ticket_apply_options(&ticket, "ColorModel=RGB StapleLocation=None "
                                     "print-color-mode=monochrome");
    assert_string_equal(ticket.sides, "two-sided-long-edge");
    assert_string_equal(ticket.print_color_mode, "color");
    assert_string_equal(ticket.finishings, "");
    assert_string_equal(ticket.media, "iso_a4_210x297mm");
}

static void
a_text_of_options_is_cut_into_names_and_values(void **state)
{
    static const char text[] = "  a=1 b  noc d='x y' e=\"q\\\"q\" f=\\  "
                               "g={h=1 i={j k}} l=' \t=m no n=";
    static const struct {
        const char *name;
        const char *value;
    } expected[] = {
        {"a", "1"},
        {"b", "true"},
        {"c", "false"},
        {"d", "x y"},
        {"e", "q\"q"},
        {"f", " "},
        {"g", "{h=1 i={j k}}"},
        {"l", " \t=m no n="},
    };
    const char *pos = text;
    char name[64], value[64];

    (void)state;
    for (size_t i = 0; i < PH_COUNT(expected); i++) {
        assert_true(ph_ticket_next_option(&pos, name, sizeof(name), value,
                                          sizeof(value)));
        assert_string_equal(name, expected[i].name);
        assert_string_equal(value, expected[i].value);
    }
    assert_false(
        ph_ticket_next_option(&pos, name, sizeof(name), value, sizeof(value)));
}

static void
names_and_values_are_cut_at_their_caps(void **state)
{
    const char *pos = "abcdef=ghijkl next=1";
    char name[4], value[4];

    (void)state;
    assert_true(
        ph_ticket_next_option(&pos, name, sizeof(name), value, sizeof(value)));
    assert_string_equal(name, "abc");
    assert_string_equal(value, "ghi");
    assert_true(
        ph_ticket_next_option(&pos, name, sizeof(name), value, sizeof(value)));
    assert_string_equal(name, "nex");
}

static void
a_very_long_text_is_read_only_up_to_its_bound(void **state)
{
    static const size_t lengths[] = {65000, 66000};
    static const char *const sides[] = {"one-sided", ""};

    (void)state;
    for (size_t i = 0; i < PH_COUNT(lengths); i++) {
        char *text = malloc(lengths[i] + 32);
        struct ph_ticket ticket;

        assert_non_null(text);
        for (size_t at = 0; at < lengths[i]; at++)
            text[at] = at % 10 == 9 ? ' ' : 'x';
        (void)snprintf(text + lengths[i], 32, "sides=one-sided");
        ph_ticket_init(&ticket);
        ph_ticket_apply_options(&ticket, text);
        assert_string_equal(ticket.sides, sides[i]);
        free(text);
    }
}

/* --- ph_ticket_check --- */

static void
make_good(struct ph_ticket *ticket)
{
    ph_ticket_init(ticket);
    ticket->owner_uid = 1000;
    (void)snprintf(ticket->owner_name, sizeof(ticket->owner_name), "alice");
    (void)snprintf(ticket->owner_auth, sizeof(ticket->owner_auth), "peercred");
}

static void
a_ticket_with_a_proven_owner_is_fit_to_be_stored(void **state)
{
    struct ph_ticket ticket;

    (void)state;
    make_good(&ticket);
    assert_int_equal(ph_ticket_check(&ticket, NULL), PH_OK);
    (void)snprintf(ticket.owner_auth, sizeof(ticket.owner_auth), "root");
    ticket.owner_uid = 0;
    assert_int_equal(ph_ticket_check(&ticket, NULL), PH_OK);
}

static void
an_unfit_ticket_is_refused_with_a_reason(void **state)
{
    struct ph_ticket ticket;
    struct ph_why why;

    (void)state;
    ph_ticket_init(&ticket);
    assert_int_equal(ph_ticket_check(&ticket, &why), PH_ERR_DENIED);
    assert_non_null(strstr(why.text, "owner"));

    make_good(&ticket);
    ticket.owner_uid = UINT32_MAX;
    assert_int_equal(ph_ticket_check(&ticket, &why), PH_ERR_DENIED);

    make_good(&ticket);
    (void)snprintf(ticket.owner_auth, sizeof(ticket.owner_auth), "guess");
    assert_int_equal(ph_ticket_check(&ticket, &why), PH_ERR_DENIED);

    make_good(&ticket);
    (void)snprintf(ticket.owner_auth, sizeof(ticket.owner_auth), "root");
    assert_int_equal(ph_ticket_check(&ticket, &why), PH_ERR_DENIED);

    make_good(&ticket);
    ticket.copies = 0;
    assert_int_equal(ph_ticket_check(&ticket, &why), PH_ERR_INVALID);
    ticket.copies = 10000;
    assert_int_equal(ph_ticket_check(&ticket, &why), PH_ERR_INVALID);

    make_good(&ticket);
    ticket.number_up = 0;
    assert_int_equal(ph_ticket_check(&ticket, &why), PH_ERR_INVALID);
}

static void
text_that_is_not_clean_or_not_ended_is_refused(void **state)
{
    struct ph_ticket ticket;
    struct ph_why why;

    (void)state;
    make_good(&ticket);
    (void)snprintf(ticket.job_name, sizeof(ticket.job_name), "a\nb");
    assert_int_equal(ph_ticket_check(&ticket, &why), PH_ERR_INVALID);

    make_good(&ticket);
    (void)snprintf(ticket.queue, sizeof(ticket.queue), "\xff");
    assert_int_equal(ph_ticket_check(&ticket, &why), PH_ERR_INVALID);

    make_good(&ticket);
    memset(ticket.media, 'x', sizeof(ticket.media));
    assert_int_equal(ph_ticket_check(&ticket, &why), PH_ERR_INVALID);
}

static void
a_job_is_marked_confidential_in_either_spelling(void **state)
{
    static const struct {
        const char *options;
        bool confidential;
    } cases[] = {
        {"", false},
        {"printhold-confidential", true},
        {"printhold-confidential=true", true},
        {"noprinthold-confidential", false},
        {"printhold-confidential=false", false},
        {"PrintholdConfidential=True", true},
        {"PrintholdConfidential=False", false},
        {"PrintholdConfidential=True printhold-confidential=maybe", true},
        {"job-sheets=confidential,none", false},
    };

    (void)state;
    for (size_t i = 0; i < PH_COUNT(cases); i++) {
        struct ph_ticket ticket;

        ph_ticket_init(&ticket);
        ph_ticket_apply_options(&ticket, cases[i].options);
        if (ticket.confidential != cases[i].confidential)
            fail_msg("%s", cases[i].options);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_of_both_families_become_ipp_keywords),
        cmocka_unit_test(numbers_are_taken_only_in_their_range),
        cmocka_unit_test(the_options_of_real_programs_are_understood),
        cmocka_unit_test(
            a_job_overrides_the_queues_defaults_and_keeps_the_rest),
        cmocka_unit_test(a_text_of_options_is_cut_into_names_and_values),
        cmocka_unit_test(names_and_values_are_cut_at_their_caps),
        cmocka_unit_test(a_very_long_text_is_read_only_up_to_its_bound),
        cmocka_unit_test(a_ticket_with_a_proven_owner_is_fit_to_be_stored),
        cmocka_unit_test(an_unfit_ticket_is_refused_with_a_reason),
        cmocka_unit_test(text_that_is_not_clean_or_not_ended_is_refused),
        cmocka_unit_test(a_job_is_marked_confidential_in_either_spelling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
