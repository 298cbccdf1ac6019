"""What is asked of a broker, one function each. A check takes the lab and the
MQTT level and returns a short word; it may raise Closed, which is "hangs up".
Only topics of printhold are used, each by who may: so the broker's rules for
them may be in force."""
import secrets
import statistics
import time

from wire import Client, Closed

QUIET_S = 0.7  # how long nothing must come
SOON_S = 15
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


class Lab:
    """Who takes part, and where."""

    def __init__(self, tenant, server, read_server, workstations, services):
        self.tenant, self.server, self.read_server = tenant, server, read_server
        self.workstation, self.other = workstations
        self.services = services

    def topic(self, *parts):
        return "/".join(("ph1", self.tenant) + parts)

    def user(self):
        """A user key that nobody has."""
        return "".join(secrets.choice(ALPHABET) for _ in range(26))

    def own(self, level, **how):
        return Client(self.server, self.workstation, level).connect(**how)

    def reader(self, level, which=0, **how):
        return Client(self.read_server, self.services[which],
                      level).connect(**how)


def retained_at(lab, level, topic_filter, count=1, seconds=SOON_S):
    """What a new reader finds."""
    reader = lab.reader(level)
    found = []
    try:
        if reader.subscribe(topic_filter)[0] >= 0x80:
            return None
        while len(found) < count:
            message = reader.message(seconds)
            if message is None:
                break
            if message.retain and message.payload:
                found.append(message)
    finally:
        reader.leave()
    return found


def connect(lab, level):
    client = Client(lab.server, lab.workstation, level)
    try:
        client.connect()
    except Closed:
        return "no (hangs up)"
    if client.code:
        return f"no (0x{client.code:02x})"
    client.leave()
    return "yes"


def limits(lab, level):
    """What CONNACK says of the broker's bounds."""
    client = lab.own(level)
    client.leave()
    named = ("receive-maximum", "maximum-packet", "alias-maximum",
             "maximum-qos", "retain-available", "wildcards", "shared",
             "server-keep-alive", "session-expiry")
    told = [f"{name} {client.limits[name]}" for name in named
            if name in client.limits]
    return ", ".join(told) or "none said"


def retained(lab, level, topic_filter):
    user = lab.user()
    topic = lab.topic("u", user, lab.workstation.id)
    client = lab.own(level)
    client.publish(topic, b"document", retain=True)
    found = retained_at(lab, level, topic_filter(user, topic), 1, 3)
    if found is None:
        answer = "refused"
    else:
        answer = "yes" if [m.payload for m in found] == [b"document"] else "no"
    client.publish(topic, b"", retain=True)
    client.leave()
    return answer


def retained_exact(lab, level):
    return retained(lab, level, lambda user, topic: topic)


def retained_wildcard(lab, level):
    return retained(lab, level,
                    lambda user, topic: lab.topic("u", user, "+"))


def retained_delete(lab, level):
    topic = lab.topic("u", lab.user(), lab.workstation.id)
    client = lab.own(level)
    client.publish(topic, b"document", retain=True)
    if not retained_at(lab, level, topic, 1, 3):
        client.leave()
        return "no (nothing retained)"
    client.publish(topic, b"", retain=True)
    client.leave()
    return "no" if retained_at(lab, level, topic, 1, QUIET_S) else "yes"


def expiry(lab, level):
    """Of a retained message: gone when its time is over, and a reader is told
    how much is left."""
    client = lab.own(level)
    short, long = (lab.topic("u", lab.user(), lab.workstation.id)
                   for _ in range(2))
    client.publish(short, b"short", retain=True, expiry_s=2)
    client.publish(long, b"long", retain=True, expiry_s=600)
    begun = time.monotonic()
    answer = "no"
    while time.monotonic() < begun + 10:
        if not retained_at(lab, level, short, 1, QUIET_S):
            answer = "yes"
            break
    found = retained_at(lab, level, long)
    left = found[0].properties.get("expiry") if found else None
    client.publish(short, b"", retain=True)
    client.publish(long, b"", retain=True)
    client.leave()
    if answer == "yes" and (left is None or not 580 <= left < 600):
        return f"yes (time left is not told: {left})"
    return answer


def watch(lab, level, topic):
    reader = lab.reader(level)
    if reader.subscribe(topic)[0] >= 0x80:
        raise Closed(f"the service may not read {topic}")
    while reader.message(QUIET_S) is not None:
        pass  # what was there before
    return reader


def will(lab, level):
    topic = lab.topic("ws", lab.workstation.id, "st")
    reader = watch(lab, level, topic)
    client = lab.own(level, will=(topic, b"gone"))
    client.vanish()
    message = reader.message(SOON_S)
    reader.leave()
    if message is None or message.payload != b"gone":
        return "no"
    found = retained_at(lab, level, topic, 1, 3)
    clear(lab, level, topic)
    return "yes" if found else "yes (not retained)"


def clear(lab, level, topic):
    client = lab.own(level)
    client.publish(topic, b"", retain=True)
    client.leave()


def will_dropped(lab, level):
    """DISCONNECT takes the will back."""
    topic = lab.topic("ws", lab.workstation.id, "st")
    reader = watch(lab, level, topic)
    lab.own(level, will=(topic, b"gone")).leave()
    came = reader.message(1.5)
    reader.leave()
    return "no" if came else "yes"


def will_delay(lab, level):
    """A workstation that is back in time was never away."""
    topic = lab.topic("ws", lab.workstation.id, "st")
    reader = watch(lab, level, topic)
    how = {"will": (topic, b"gone"), "will_delay_s": 3, "session_s": 60}
    lab.own(level, **how).vanish()
    client = lab.own(level, clean=False, **how)
    if reader.message(4.5) is not None:
        answer = "no (a reconnect does not cancel it)"
    else:
        client.vanish()
        begun = time.monotonic()
        message = reader.message(SOON_S)
        late = time.monotonic() - begun
        answer = "yes" if message and late > 1.5 else "no (at once)"
        if message is None:
            answer = "no (never)"
    reader.leave()
    clear(lab, level, topic)
    return answer


def offline_queue(lab, level):
    """Commands that were sent meanwhile wait, in their order."""
    topic = lab.topic("cmd", lab.workstation.id)
    client = lab.own(level, session_s=600)  # a new session
    if client.subscribe(topic)[0] >= 0x80:
        client.leave()
        return "no (may not subscribe)"
    client.vanish()
    if level != 5:  # clean session was on: the session has to be made again
        client = lab.own(level, clean=False)
        client.subscribe(topic)
        client.vanish()
    service = lab.reader(level)
    wanted = [f"{n}".encode() for n in range(20)]
    for payload in wanted:
        service.publish(topic, payload)
    service.leave()
    client = lab.own(level, clean=False, session_s=600)
    present, got = client.session_present, []
    while len(got) < len(wanted):
        message = client.message(5)
        if message is None:
            break
        got.append(message.payload)
    client.leave(0)
    lab.own(level).leave()  # forget the session
    if got == wanted:
        return "yes" if present else "yes (session not said)"
    if sorted(got) == sorted(wanted):
        return "yes (order lost)"
    return f"no ({len(got)} of {len(wanted)})"


def session_expiry(lab, level):
    """A session lives as long as was asked for and no longer."""
    lab.own(level, session_s=600).vanish()
    client = lab.own(level, clean=False, session_s=600)
    if not client.session_present:
        client.leave(0)
        return "no (not kept)"
    client.leave(1)
    begun = time.monotonic()
    while time.monotonic() < begun + 15:
        time.sleep(2)  # the broker's clock has to go on
        client = lab.own(level, clean=False, session_s=1)
        present = client.session_present
        client.leave(1 if present else 0)
        if not present:
            return "yes"
    return "no (kept for longer)"


def shared(lab, level):
    """Two that share a subscription get half each."""
    if len(lab.services) < 2:
        return "not tested (needs a second --service)"
    name = f"$share/{secrets.token_hex(4)}/" + lab.topic("ev", "+")
    readers = [lab.reader(level, which) for which in (0, 1)]
    codes = [reader.subscribe(name)[0] for reader in readers]
    answer = None
    if max(codes) >= 0x80:
        answer = f"no (0x{max(codes):02x})"
    else:
        client = lab.own(level)
        for n in range(20):
            client.publish(lab.topic("ev", lab.workstation.id), b"%d" % n)
        client.leave()
        got = [0, 0]
        quiet_since = time.monotonic()
        while sum(got) < 20 and time.monotonic() < quiet_since + 3:
            for which, reader in enumerate(readers):
                if reader.message(0.1) is not None:
                    got[which] += 1
                    quiet_since = time.monotonic()
        if sum(got) == 20 and min(got) > 0:
            answer = "yes"
        else:
            answer = f"no ({got[0]} and {got[1]} of 20)"
    for reader in readers:
        reader.leave()
    return answer


def acl_write(lab, level):
    """Another workstation's document: refused, dropped in silence, or taken?"""
    user = lab.user()
    victim = lab.topic("u", user, lab.other.id)
    reader = watch(lab, level, lab.topic("u", user, "+"))
    client = lab.own(level)
    try:
        code = client.publish(victim, b"forged")
    except Closed:
        code = None
        client = lab.own(level)
    client.publish(lab.topic("u", user, lab.workstation.id), b"own")
    seen = set()
    for _ in range(2):
        message = reader.message(3 if not seen else QUIET_S)
        if message is not None:
            seen.add(message.payload)
    client.leave()
    reader.leave()
    if b"forged" in seen:
        return "OPEN (anybody writes anything)"
    if b"own" not in seen:
        return "no (the own one is refused too)"
    if code is None:
        return "hangs up"
    return f"refused (0x{code:02x})" if code >= 0x80 else "acked in silence"


def acl_read(lab, level):
    """A workstation asks for everybody's documents."""
    user = lab.user()
    client = lab.own(level)
    try:
        code = client.subscribe(lab.topic("u", user, "+"))[0]
    except Closed:
        return "hangs up"
    other = Client(lab.server, lab.other, level).connect()
    other.publish(lab.topic("u", user, lab.other.id), b"private")
    came = client.message(QUIET_S * 2)
    other.leave()
    client.leave()
    if came is not None:
        return "OPEN (everybody reads)"
    return f"refused (0x{code:02x})" if code >= 0x80 else "nothing delivered"


def take_over(lab, level):
    """Another workstation comes with our client id."""
    client = lab.own(level)
    thief = Client(lab.server, lab.other, level)
    try:
        thief.connect(client_id=lab.workstation.id)
        thief.leave()
    except Closed:
        pass
    alive = client.is_alive()
    client.leave()
    return "protected" if alive else "OPEN (by client id alone)"


def second_self(lab, level):
    """A workstation that comes again replaces its old connection."""
    old = lab.own(level)
    new = lab.own(level)
    if new.code:
        old.leave()
        return f"no (0x{new.code:02x})"
    answer = "no (both live)" if old.is_alive() else "yes"
    if not new.is_alive():
        answer = "no (the new one is lost)"
    new.leave()
    old.vanish()
    return answer


def receive_maximum(lab, level):
    """No more than we said are unacknowledged."""
    topic = lab.topic("cmd", lab.workstation.id)
    client = lab.own(level, receive_max=3)
    client.acks_by_hand = True
    client.subscribe(topic)
    service = lab.reader(level)
    for n in range(10):
        service.publish(topic, b"%d" % n)
    service.leave()
    waiting = []
    message = client.message(5)
    while message is not None:
        waiting.append(message.packet_id)
        message = client.message(QUIET_S)
    held = len(waiting)
    total = held
    while waiting:
        client.ack(waiting.pop(0))
        message = client.message(QUIET_S)
        while message is not None:
            total += 1
            waiting.append(message.packet_id)
            message = client.message(0.2)
    client.leave()
    if total != 10:
        return f"no ({total} of 10)"
    return "yes" if held <= 3 else f"no ({held} instead of 3)"


def big_document(lab, level):
    """Publish to delivery of 32 KiB, the median of five."""
    user = lab.user()
    topic = lab.topic("u", user, lab.workstation.id)
    reader = watch(lab, level, lab.topic("u", user, lab.workstation.id))
    client = lab.own(level)
    taken = []
    for n in range(5):
        begun = time.monotonic()
        if client.publish(topic, bytes([65 + n]) * 32768, retain=True) >= 0x80:
            break
        message = reader.message(SOON_S)
        if message is None or len(message.payload) != 32768:
            break
        taken.append((message.at - begun) * 1000)
    client.publish(topic, b"", retain=True)
    client.leave()
    reader.leave()
    if len(taken) < 5:
        return "no"
    return f"yes ({statistics.median(taken):.1f} ms)"


# name, text, levels, function
CHECKS = [
    ("connect", "accepted", (5, 4), connect),
    ("limits", "what CONNACK says", (5,), limits),
    ("retained-exact", "retained, exact filter", (5, 4), retained_exact),
    ("retained-wildcard", "retained, filter with +", (5, 4), retained_wildcard),
    ("retained-delete", "deleted by an empty one", (5, 4), retained_delete),
    ("expiry", "message expiry on retained", (5,), expiry),
    ("will", "will, retained", (5, 4), will),
    ("will-dropped", "DISCONNECT drops the will", (5, 4), will_dropped),
    ("will-delay", "will delay, cancelled by reconnect", (5,), will_delay),
    ("offline-queue", "queue while offline, in order", (5, 4), offline_queue),
    ("session-expiry", "session expiry", (5,), session_expiry),
    ("shared", "shared subscription", (5, 4), shared),
    ("receive-maximum", "Receive Maximum is kept", (5,), receive_maximum),
    ("acl-write", "writing another's document", (5, 4), acl_write),
    ("acl-read", "reading others' documents", (5, 4), acl_read),
    ("take-over", "another with our client id", (5, 4), take_over),
    ("second-self", "the same one again", (5, 4), second_self),
    ("big-document", "a document of 32 KiB", (5, 4), big_document),
]
