/* Unit tests of the checks of cli/doctor: what is between it and others. */
#include "doctor_fixture.h"

#include <string.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct {
    const char *name;
    const char *rules;
    enum ph_doctor_level level;
    const char *part;
} ufw_rules[] = {
    {"allows the port",
     "### tuple ### allow tcp 9443 0.0.0.0/0 any 0.0.0.0/0 in\n", PH_DOCTOR_OK,
     "ufw allows"},
    {"allows a range", "### tuple ### allow tcp 9000:9999 0.0.0.0/0 any\n",
     PH_DOCTOR_OK, "ufw allows"},
    {"allows by its profile",
     "### tuple ### allow tcp 9443 0.0.0.0/0 any 0.0.0.0/0 PrintHold - in\n",
     PH_DOCTOR_OK, "ufw allows"},
    {"another port", "### tuple ### allow tcp 944 0.0.0.0/0 any\n",
     PH_DOCTOR_WARNING, "nobody in at port 9443"},
    {"the same of udp", "### tuple ### allow udp 9443 0.0.0.0/0 any\n",
     PH_DOCTOR_WARNING, "nobody in"},
    {"denies", "### tuple ### deny tcp 9443 0.0.0.0/0 any\n", PH_DOCTOR_WARNING,
     "nobody in"},
    {"nothing", "", PH_DOCTOR_WARNING, "nobody in"},
};

static void
the_rules_of_ufw_are_read(void **state)
{
    struct world *world = *state;

    world_expect(world, "firewall", PH_DOCTOR_OK, "neither");
    world_put(world, "/etc/ufw/ufw.conf", "# x\nENABLED=no\n", 0644);
    world_expect(world, "firewall", PH_DOCTOR_OK, "neither");
    world_put(world, "/etc/ufw/ufw.conf", "# x\nENABLED=yes\nLOGLEVEL=low\n",
              0644);
    world_expect(world, "firewall", PH_DOCTOR_WARNING, "may not be read");
    for (size_t i = 0; i < PH_COUNT(ufw_rules); i++) {
        world_put(world, "/etc/ufw/user.rules", ufw_rules[i].rules, 0640);
        print_message("%s\n", ufw_rules[i].name);
        world_expect(world, "firewall", ufw_rules[i].level, ufw_rules[i].part);
    }
}

static const struct {
    const char *name;
    const char *zone;
    enum ph_doctor_level level;
} zones[] = {
    {"our service", "<zone><service name=\"printhold\"/></zone>", PH_DOCTOR_OK},
    {"the port", "<zone><port protocol=\"tcp\" port=\"9443\"/></zone>",
     PH_DOCTOR_OK},
    {"a range", "<zone><port port=\"1025-65535\" protocol=\"tcp\"/></zone>",
     PH_DOCTOR_OK},
    {"everything", "<zone target=\"ACCEPT\"></zone>", PH_DOCTOR_OK},
    {"the same of udp", "<zone><port port=\"9443\" protocol=\"udp\"/></zone>",
     PH_DOCTOR_WARNING},
    {"others",
     "<zone><service name=\"ssh\"/><port port=\"1-9442\" protocol=\"tcp\"/>"
     "<port port=\"9444-\" protocol=\"tcp\"/></zone>",
     PH_DOCTOR_WARNING},
    {"udp, and tcp of another",
     "<zone><port port=\"9443\" protocol=\"udp\"/>"
     "<port port=\"1\" protocol=\"tcp\"/></zone>",
     PH_DOCTOR_WARNING},
    {"cut off", "<zone><port port=\"9443", PH_DOCTOR_WARNING},
};

static void
the_zone_of_firewalld_is_read(void **state)
{
    struct world *world = *state;

    world_put(world,
              "/etc/systemd/system/multi-user.target.wants/firewalld.service",
              "x", 0644);
    world_expect(world, "firewall", PH_DOCTOR_WARNING,
                 "zone public may not be read");
    world_put(world, "/usr/lib/firewalld/zones/work.xml", zones[0].zone, 0644);
    world_put(world, "/etc/firewalld/firewalld.conf", "DefaultZone=work\n",
              0644);
    world_expect(world, "firewall", PH_DOCTOR_OK, "work");
    for (size_t i = 0; i < PH_COUNT(zones); i++) {
        world_put(world, "/etc/firewalld/zones/work.xml", zones[i].zone, 0644);
        print_message("%s\n", zones[i].name);
        world_expect(world, "firewall", zones[i].level, "9443");
    }
}

static void
proxy_and_name_of_the_broker_are_looked_at(void **state)
{
    struct world *world = *state;
    struct ph_config *config = &world->doctor.config;

    world_expect(world, "proxy", PH_DOCTOR_NOTHING, "");
    world_expect(world, "dns", PH_DOCTOR_NOTHING, "");
    (void)snprintf(config->cloud_url, PH_CONFIG_TEXT_MAX,
                   " wss://127.0.0.1:1/mqtt wss://b.invalid/");
    world_expect(world, "proxy", PH_DOCTOR_OK, "none");
    world_expect(world, "dns", PH_DOCTOR_OK, "127.0.0.1");
    (void)snprintf(config->cloud_proxy, PH_CONFIG_TEXT_MAX,
                   "http://proxy.invalid:3128");
    world_expect(world, "proxy", PH_DOCTOR_OK, "proxy.invalid, port 3128");
    world_expect(world, "dns", PH_DOCTOR_PROBLEM, "proxy.invalid");
    (void)snprintf(config->cloud_proxy_credentials_file, PH_CONFIG_TEXT_MAX,
                   "/secret");
    world_expect(world, "proxy", PH_DOCTOR_PROBLEM, "/secret");
    world_put(world, "/secret", "user:password", 0644);
    world_expect(world, "proxy", PH_DOCTOR_PROBLEM, "others may read it");
    world_change_mode(world, "/secret", 0600);
    world_expect(world, "proxy", PH_DOCTOR_OK, "proxy.invalid");
    (void)snprintf(config->cloud_no_proxy, PH_CONFIG_TEXT_MAX, "127.0.0.1");
    world_expect(world, "proxy", PH_DOCTOR_OK, "none");
}

static void
tell_address(struct world *world, const char *address)
{
    struct ph_control_status *status = &world->doctor.status;

    (void)snprintf(status->addresses[0].address, PH_CONTROL_TEXT_MAX, "%s",
                   address);
    status->address_count = 1;
}

static void
somebody_accepts_where_printers_are_told(void **state)
{
    struct sockaddr_in here = {.sin_family = AF_INET};
    socklen_t len = sizeof(here);
    struct world *world = *state;
    char address[PH_CONTROL_TEXT_MAX];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    world_expect(world, "port", PH_DOCTOR_WARNING, "on no network");
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&here, sizeof(here)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&here, &len), 0);
    (void)snprintf(address, sizeof(address), "127.0.0.1:%u",
                   (unsigned)ntohs(here.sin_port));
    tell_address(world, address);
    world_expect(world, "port", PH_DOCTOR_PROBLEM,
                 "nobody accepts at 127.0.0.1");
    assert_int_equal(listen(fd, 1), 0);
    world_expect(world, "port", PH_DOCTOR_OK, "accepts at");
    tell_address(world, "no address");
    world_expect(world, "port", PH_DOCTOR_PROBLEM, "no address");
    (void)snprintf(world->doctor.status.release, PH_CONTROL_TEXT_MAX, "off");
    world_expect(world, "port", PH_DOCTOR_NOTHING, "");
    assert_int_equal(close(fd), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_rules_of_ufw_are_read),
        TEST(the_zone_of_firewalld_is_read),
        TEST(proxy_and_name_of_the_broker_are_looked_at),
        TEST(somebody_accepts_where_printers_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
