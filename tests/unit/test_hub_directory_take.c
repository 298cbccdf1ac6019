/* Messages of the broker: which are believed (SR-50 for the hub). */
#include "hub_fixture.h"

#include "directory_take.h"
#include "printhold/base/attr.h"
#include "store_directory.h"

#define UK   "abcdefghijklmnopqrstuvwxyz"
#define SOON "2026-11-21T20:30:00.000Z"
#define DOCUMENT(usr, ws, rev)                                              \
    "{\"v\":1,\"rev\":" rev                                                 \
    ",\"at\":\"2026-11-21T19:30:00.000Z\",\"ws\":\"" ws "\",\"usr\":\"" usr \
    "\",\"addr\":[],\"jobs\":[{\"id\":"                                     \
    "\"0123456789abcdef0123456789abcdef\",\"st\":\"held\",\"exp\":\"" SOON  \
    "\"}],\"more\":0}"

static void
topics_are_read_level_by_level(void **state)
{
    static const char *const wrong[] = {
        "ph1/acme/u/" UK,
        "ph1/acme/u/" UK "/",
        "ph1/acme/u/" UK "/ws-a/",
        "ph1/acme/u/" UK "/ws-a/x",
        "ph1/acme/u/" UK "/WS-A",
        "ph1/acme/u/abc/ws-a",
        "ph1/acme/u//ws-a",
        "ph1/other/u/" UK "/ws-a",
        "ph2/acme/u/" UK "/ws-a",
        "/ph1/acme/u/" UK "/ws-a",
        "ph1/acme/ev/ws-a/x",
        "ph1/acme/ev/ws-a/",
        "ph1/acme/ev/",
        "ph1/acme/ev/+",
        "ph1/acme/rel/",
        "ph1/acme/rel/pr-a/x",
        "ph1/acme/ws/ws-a",
        "ph1/acme/ws/ws-a/inf",
        "ph1/acme/ws/ws-a/st/x",
        "ph1/acme/ws/ws-a/st/",
        "ph1/acme/ws/ws-01234567890123456789012345678901234567890/st",
        "ph1",
        "/",
    };
    static const char document[] = "ph1/acme/u/" UK "/ws-a";
    static const char presence[] = "ph1/acme/ws/ws-a/st";
    static const char event[] = "ph1/acme/ev/ws-a";
    struct hub_topic topic;

    (void)state;
    assert_int_equal(
        hub_topic_parse("acme", document, strlen(document), &topic), PH_OK);
    assert_int_equal(topic.kind, HUB_TOPIC_DOCUMENT);
    assert_string_equal(topic.uk, UK);
    assert_string_equal(topic.device, "ws-a");
    assert_int_equal(
        hub_topic_parse("acme", presence, strlen(presence), &topic), PH_OK);
    assert_int_equal(topic.kind, HUB_TOPIC_PRESENCE);
    assert_string_equal(topic.device, "ws-a");
    assert_int_equal(hub_topic_parse("acme", event, strlen(event), &topic),
                     PH_OK);
    assert_int_equal(topic.kind, HUB_TOPIC_EVENT);
    assert_string_equal(topic.device, "ws-a");
    assert_int_equal(hub_topic_parse("acme", "ph1/acme/rel/pr-a", 17, &topic),
                     PH_OK);
    assert_int_equal(topic.kind, HUB_TOPIC_RELEASE);
    for (size_t i = 0; i < PH_COUNT(wrong); i++) {
        if (hub_topic_parse("acme", wrong[i], strlen(wrong[i]), &topic) ==
            PH_OK)
            fail_msg("taken: %s", wrong[i]);
    }
    /* A NUL hides nothing. */
    assert_int_not_equal(
        hub_topic_parse("acme", "ph1/acme/ws/ws-a\0/st", 20, &topic), PH_OK);
}

static int64_t
documents(struct hub_fixture *f)
{
    int64_t count = -1;

    hub_fixture_begin(f);
    assert_int_equal(hub_directory_count(f->hub.store, &count), PH_OK);
    hub_fixture_end(f);
    return count;
}

static int
take(struct hub_fixture *f, const char *login, const char *ws,
     const char *payload)
{
    struct hub_topic topic = {.kind = HUB_TOPIC_DOCUMENT};
    int err;

    assert_int_equal(ph_identity_user_key(f->hub.directory_key, HUB_KEY_BYTES,
                                          login, topic.uk),
                     PH_OK);
    (void)snprintf(topic.device, sizeof(topic.device), "%s", ws);
    hub_fixture_begin(f);
    err = hub_directory_take(&f->hub, &topic, payload, strlen(payload),
                             hub_fixture_ms);
    (void)hub_store_end(f->hub.store, err);
    return err;
}

static void
a_document_is_of_its_topic_or_nothing(void **state)
{
    struct hub_fixture *f = *state;

    assert_int_equal(take(f, "ann@example.com", "ws-a",
                          DOCUMENT("bob@example.com", "ws-a", "1")),
                     PH_ERR_DENIED);
    assert_int_equal(take(f, "ann@example.com", "ws-a",
                          DOCUMENT("ann@example.com", "ws-b", "1")),
                     PH_ERR_DENIED);
    assert_int_equal(take(f, "ann@example.com", "ws-a", "{\"v\":1}"),
                     PH_ERR_SYNTAX);
    assert_int_equal(documents(f), 0);
    assert_int_equal(take(f, "ann@example.com", "ws-a",
                          DOCUMENT("Ann@Example.com", "ws-a", "5")),
                     PH_OK);
    assert_int_equal(documents(f), 1);
    assert_int_equal(take(f, "ann@example.com", "ws-a",
                          DOCUMENT("ann@example.com", "ws-a", "4")),
                     PH_ERR_EXISTS);
    assert_int_equal(take(f, "ann@example.com", "ws-b", ""), PH_OK);
    assert_int_equal(documents(f), 1);
    assert_int_equal(take(f, "ann@example.com", "ws-a", ""), PH_OK);
    assert_int_equal(documents(f), 0);
}

static void
what_the_broker_has_forgotten_goes(void **state)
{
    struct hub_fixture *f = *state;

    assert_int_equal(take(f, "ann@example.com", "ws-a",
                          DOCUMENT("ann@example.com", "ws-a", "1")),
                     PH_OK);
    hub_fixture_ms += 1000;
    assert_int_equal(take(f, "ann@example.com", "ws-b",
                          DOCUMENT("ann@example.com", "ws-b", "1")),
                     PH_OK);
    hub_fixture_begin(f);
    assert_int_equal(hub_documents_forget_unheard(f->hub.store, hub_fixture_ms),
                     PH_OK);
    hub_fixture_end(f);
    assert_int_equal(documents(f), 1);
    hub_fixture_begin(f);
    assert_int_equal(
        hub_documents_forget(f->hub.store, INT64_C(1795289400000) + 3600000),
        PH_OK);
    hub_fixture_end(f);
    assert_int_equal(documents(f), 0);
}

int
main(void)
{
#define TEST(name)                                            \
    cmocka_unit_test_setup_teardown(name, hub_fixture_set_up, \
                                    hub_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics_are_read_level_by_level),
        TEST(a_document_is_of_its_topic_or_nothing),
        TEST(what_the_broker_has_forgotten_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
