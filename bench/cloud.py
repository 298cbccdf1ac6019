"""Claim 7: the cloud hears of a job at once, and of 10,000 events quickly."""

import json
import os
import pwd
import statistics
import subprocess
import time
import uuid

import documents
from idle import Broker, online
from lab import TENANT, TOP, Agent, Failed, wait_for
from rounds import Figure

METHOD = '''\
A real mosquitto with our configuration, a subscriber (mosquitto_sub, MQTT over
TLS) on the same computer, everything over loopback.
  told      the backend gets a PDF of 50 KB by a pipe; from the moment at which
            the last byte is written and the pipe closed until the subscriber
            has the directory document that names the job. One job at a time,
            warm link; control: every second job against the others
  drain     10,000 events of 10,000 jobs of 200 people (quick: 2,000) lie in the
            outbox (ph-bench-fill) when the agent connects: from the presence
            until the subscriber has the last one. They must come in order'''

JOBS, EVENTS, USERS = 300, 10000, 200


class _Subscriber:
    def __init__(self, lab, broker, *topics):
        self.lab = lab
        self.path = lab.path(f'subscriber-{uuid.uuid4()}.log')
        with open(self.path, 'wb') as log:
            self.process = subprocess.Popen(
                ['mosquitto_sub', '-V', '5', '-q', '1', '-h', 'localhost', '-p',
                 str(broker.tls_port), '--cafile', lab.pki('ca.crt'), '--cert',
                 lab.pki('reader.crt'), '--key', lab.pki('reader.key'),
                 '-F', '%U %t %p',
                 *[word for topic in topics for word in ('-t', topic)]],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.process.name = os.path.basename(self.path)[:-4]
        lab.running.append(self.process)
        self.lines = open(self.path, encoding='utf-8', errors='replace')
        self.rest = ''

    def more(self):
        """What came since: (seconds, topic, payload)."""
        self.rest += self.lines.read()
        whole, newline, self.rest = self.rest.rpartition('\n')
        for line in whole.split('\n') if newline else ():
            words = line.split(' ', 2)
            if len(words) == 3 and words[1].startswith('ph1/'):
                yield float(words[0]), words[1], words[2]

    def end(self):
        self.lab.stop(self.process)
        self.lines.close()


def _backend(agent, document):
    """The backend with all of the document but its last bytes; the job's uuid."""
    lab = agent.lab
    lab.cups_job += 1
    name = f'urn:uuid:{uuid.uuid4()}'
    env = {
        'PATH': os.environ['PATH'], 'LANG': 'C.UTF-8', 'CHARSET': 'utf-8',
        'USER': 'root', 'SOFTWARE': 'CUPS/2.4.2',
        'CUPS_SERVER': lab.path('no-cups.sock'),
        'CONTENT_TYPE': 'application/pdf',
        'FINAL_CONTENT_TYPE': 'application/pdf',
        'DEVICE_URI': 'printhold:/', 'PRINTER': 'PrintHold',
        'PPD': os.path.join(TOP, 'installer/printhold.ppd.in'),
        'AUTH_UID': str(pwd.getpwnam(lab.person).pw_uid),
        'AUTH_USERNAME': lab.person, 'PRINTHOLD_CONFIG_DIR': agent.etc}
    process = subprocess.Popen(
        lab.as_user(lab.capture_user, [
            lab.program('printhold'), str(lab.cups_job), lab.person,
            'A document of the bench', '1', f'job-uuid={name}']),
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, env=env)
    process.stdin.write(document[:-1])
    process.stdin.flush()
    return process, name


def _tell_one(agent, subscriber, document):
    """Seconds from the last byte to the subscriber."""
    process, name = _backend(agent, document)
    time.sleep(0.05)  # it has read what there is
    process.stdin.write(document[-1:])
    process.stdin.flush()
    began = time.time()
    process.stdin.close()

    def heard():
        for at, _, payload in subscriber.more():
            if name in payload:
                return at
        return None

    at = wait_for('the document', 30, heard)
    if process.wait(30) != 0:
        raise Failed('the backend failed')
    return at - began


def _told(lab, broker, count):
    agent = Agent(lab, 'told', broker_port=broker.port)
    subscriber = _Subscriber(lab, broker, f'ph1/{TENANT}/u/+/+')
    pdf = lab.path('told.pdf')
    documents.pdf_of_text(pdf, 50000, 3)
    with open(pdf, 'rb') as file:
        document = file.read()
    wait_for('the cloud link', 30, lambda: online(agent))
    times = []
    for number in range(count + 5):
        took = _tell_one(agent, subscriber, document)
        if number >= 5:  # warm
            times.append(took)
        if number % 20 == 19:
            agent.forget_jobs()
    subscriber.end()
    agent.stop()
    return times


def _numbers(payloads):
    """Of the jobs, in the order in which their events came."""
    for payload in payloads:
        data = json.loads(payload)['data']
        yield int(data['job-uuid'].rsplit('-', 1)[1], 16)


def _drain(lab, broker, count):
    """Seconds from the presence to the last event."""
    agent = Agent(lab, 'drain', broker_port=broker.port)
    wait_for('the cloud link', 30, lambda: online(agent))
    agent.stop()
    lab.run(lab.as_user(lab.agent_user, [
        lab.program('ph-bench-fill'), str(count), str(USERS), '0', '0']),
            env=agent.env)
    subscriber = _Subscriber(lab, broker, f'ph1/{TENANT}/ev/+',
                             f'ph1/{TENANT}/ws/+/st')
    heard, events = [], []

    def has_all():
        for at, topic, payload in subscriber.more():
            if '/ev/' in topic:
                events.append((at, payload))
            else:
                heard.append((at, payload))
        return len(events) >= count

    wait_for('the subscription', 30, lambda: has_all() or heard)
    agent.launch()
    wait_for('all events', 120, has_all)
    began = next(at for at, payload in heard if '"on":true' in payload)
    numbers = list(_numbers(payload for _, payload in events))
    if numbers != sorted(numbers) or len(set(numbers)) != count:
        raise Failed('the events did not come in order, each once')
    subscriber.end()
    agent.stop()
    return events[-1][0] - began


def told(lab, options):
    """The two of them."""
    broker = Broker(lab)
    times = _told(lab, broker, 40 if options.quick else JOBS)
    control = statistics.median(times[1::2]) / statistics.median(times[0::2])
    options.samples['told, s'] = {'agent': times}
    cuts = statistics.quantiles(times, n=100)
    yield Figure('last byte to subscriber, p50',
                 statistics.median(times) * 1e3, control, safe=150, unit='ms',
                 detail=f'least {min(times) * 1e3:.0f} ms')
    yield Figure('last byte to subscriber, p99', cuts[98] * 1e3, control,
                 safe=1000, unit='ms', detail=f'most {max(times) * 1e3:.0f} ms')
    count = EVENTS // 5 if options.quick else EVENTS
    runs = [_drain(lab, broker, count)]
    yield Figure(f'{count} events to subscriber', runs[0], 1.0,
                 safe=10 * count / EVENTS, unit='s',
                 detail=f'{count / runs[0]:.0f} in a second, in order')
    lab.stop(broker.process)
