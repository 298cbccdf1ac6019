#!/usr/bin/python3
"""check-messages takes what is right and refuses each thing that is wrong: what
cannot fail proves nothing."""
import copy
import json
import os
import subprocess
import sys
import tempfile

top = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
WS, UK = "ws-1", "abcdefghijklmnopqrstuvwxyz"
NOW = "2026-11-21T08:00:00.000Z"
JOB = {"job-name": "Report", "sides": "one-sided", "copies": 2}
DOCUMENT = {"v": 1, "rev": 7, "at": NOW, "ws": WS, "usr": "alice@example.com",
            "host": "lt-alice", "addr": ["192.0.2.20:9443"],
            "fp": ["sha256-" + "A" * 43], "more": 0,
            "jobs": [{"id": "0" * 32, "st": "held", "exp": NOW, **JOB}]}
EVENT = {"specversion": "1.0", "id": "01a2176d-bf7c-75b8-91a0-1849364491e0",
         "source": f"urn:printhold:acme:ws:{WS}",
         "type": "org.printhold.job.held.v1", "subject": "0" * 32, "time": NOW,
         "datacontenttype": "application/json",
         "data": {"ws": WS, "usr": "alice@example.com", "st": "held", **JOB}}


def message(topic, payload, retain, properties):
    text = json.dumps(payload)
    return {"topic": f"ph1/acme/{topic}", "qos": 1, "retain": int(retain),
            "payloadlen": len(text), "properties": properties, "payload": text}


GOOD = {
    "directory": message(f"u/{UK}/{WS}", DOCUMENT, True, {
        "message-expiry-interval": 60}),
    "presence": message(f"ws/{WS}/st", {"v": 1, "on": False}, True, {
        "message-expiry-interval": 60}),
    "event": message(f"ev/{WS}", EVENT, False, {
        "content-type": "application/cloudevents+json"}),
}


def payload(change):
    """A case that alters the payload."""
    def alter(told):
        value = json.loads(told["payload"])
        change(value)
        told["payload"] = json.dumps(value)
    return alter


def member(*path_and_value):
    *path, name, value = path_and_value

    def change(node):
        for step in path:
            node = node[step]
        if value is None:
            del node[name]
        else:
            node[name] = value
    return payload(change)


def field(name, value):
    return lambda told: told.update({name: value})


def properties(value):
    return field("properties", value)


# what is wrong, of which message, how, and a word of the answer
BAD = [
    ("unknown topic", "event", field("topic", "ph1/acme/ev/x/y"), "no channel of"),
    ("another version", "event", field("topic", f"ph2/acme/ev/{WS}"),
     "no channel of"),
    ("user key", "directory", field("topic", f"ph1/acme/u/ALICE/{WS}"),
     "no channel of"),
    ("topic of another", "directory", field("topic", f"ph1/acme/u/{UK}/ws-2"),
     "another ws"),
    ("source of another tenant", "event",
     member("source", f"urn:printhold:other:ws:{WS}"), "another tenant"),
    ("member nobody knows", "directory", member("color", "red"), "no schema"),
    ("in a job", "directory", member("jobs", 0, "color", "red"), "no schema"),
    ("in an event", "event", member("data", "color", "red"), "no schema"),
    ("member missing", "directory", member("rev", None), "required"),
    ("PPD word", "directory", member("jobs", 0, "sides", "DuplexTumble"),
     "enum"),
    ("number as text", "directory", member("jobs", 0, "copies", "2"), "type"),
    ("no copies", "event", member("data", "copies", 0), "minimum"),
    ("time without zone", "directory", member("at", "2026-11-21 08:00"),
     "format"),
    ("random UUID", "event",
     member("id", "01a2176d-bf7c-45b8-91a0-1849364491e0"), "format"),
    ("kind nobody knows", "event", member("type", "org.printhold.job.lost.v1"),
     "enum"),
    ("type and state", "event", member("data", "st", "deleted"), "differ"),
    ("document not retained", "directory", field("retain", 0), "not retained"),
    ("event retained", "event", field("retain", 1), "retained"),
    ("document for ever", "directory", properties({}), "for ever"),
    ("quality of service 0", "event", field("qos", 0), "quality"),
    ("content type", "event", properties({"content-type": "text/plain"}),
     "content type"),
    ("no JSON", "presence", field("payload", "on"), "not JSON"),
    ("empty event", "event", field("payloadlen", 0), "empty"),
    ("more than 64 jobs", "directory",
     payload(lambda value: value.update(jobs=value["jobs"] * 65)), "maxItems"),
]


def check(messages, *options):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        for one in messages:
            file.write(json.dumps(one) + "\n")
        file.flush()
        done = subprocess.run(
            [f"{top}/tests/support/check-messages", *options,
             f"{top}/docs/cloud-protocol.asyncapi.yaml", file.name],
            capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


failed = []
code, said = check(GOOD.values(), "--need", "usr,job-name")
if code != 0:
    failed.append(f"what is right is refused: {said}")
if check(GOOD.values(), "--need", "number-up")[0] == 0:
    failed.append("a field that is missing is not missed")
for name, which, alter, word in BAD:
    told = copy.deepcopy(GOOD[which])
    alter(told)
    code, said = check([told])
    if code == 0 or word not in said:
        failed.append(f"{name}: {said.strip()}")
    if "Report" in said or "alice" in said:
        failed.append(f"{name}: a title or a name is in the answer")
for line in failed:
    print("FAIL", line)
print(f"{len(BAD)} wrong ones")
sys.exit(1 if failed else 0)
