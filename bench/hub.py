"""Claim 8: a hub of 100,000 people signs one in as quickly as one of 100."""

import itertools
import json
import os
import shutil
import signal
import sqlite3
import statistics
import struct
import subprocess
import sys
import time

import documents
from idle import kib, listens
from lab import (DOMAIN, PRINTER, TENANT, TOP, WORKSTATION, Agent, Failed,
                 free_port, wait_for)
from rounds import Contest, Figure

sys.path.insert(0, os.path.join(TOP, 'tests/broker-conformance'))
# pylint: disable=wrong-import-position
from wire import PUBACK, PUBLISH, Client, Identity, Server, put_properties, text

METHOD = '''\
Two hubs, each with a real mosquitto: one of 100 people, one of 100,000 (quick:
5,000), everybody with a PIN and a workstation that holds three jobs. The hub has
the documents from its broker. Baseline and control are the hub of 100.
  sign-in   a printer connects (mutual TLS, no resumption), posts a PIN, has the
            list with a grant; curl, one after the other, 200 in a run of people
            not seen before
  at once   500 of them from 100 printers, all started together (quick: 100)
  grant     one release grant made and signed by the hub's code, against one bare
            ECDSA signature (ph-bench-hub-grants)
  release   a person's job of 50 KB on a real agent; printhold-station from exec
            to exit: signs in with a PIN, has list and grant, connects to the
            workstation, claims, pulls, has the file on disk, reports. More than
            the first byte. Control: every second job against the others
  take      from the start of the hub until it has all documents of the broker
  memory    VmRSS after all that'''

FEW, SIGN_INS, PRINTERS, JOBS = 100, 200, 100, 3
RELEASES = 100
WINDOW = 20  # of the broker: what may be unacknowledged


class Broker:
    """A mosquitto of cloud/, and everything that the workstations told it."""

    def __init__(self, lab, name, documents):
        self.port, self.tls_port = free_port(), free_port()
        self.lab, self.name = lab, name
        self.process = lab.start(name, [
            os.path.join(TOP, 'cloud/mosquitto/start'), '--dir',
            lab.path(name), '--ca', lab.pki('ca.crt'), '--cert',
            lab.pki('broker.crt'), '--key', lab.pki('broker.key'),
            '--wss-port', str(self.port), '--tls-port', str(self.tls_port),
            '--service', 'hub', '--service', 'reader'])
        wait_for('the broker', 20, lambda: all(
            map(listens, (self.port, self.tls_port))))
        with open(documents, encoding='utf-8') as lines:
            self.tell(lines, 3)

    def tell(self, lines, flags):
        """Publish "topic, tab, payload" as the broker takes it."""
        lab, flying = self.lab, 0
        client = Client(
            Server(f'mqtts://localhost:{self.tls_port}', lab.pki('ca.crt')),
            Identity('reader', lab.pki('reader.crt'), lab.pki('reader.key')))
        client.connect()
        for line in lines:
            topic, _, payload = line.rstrip('\n').partition('\t')
            body = (text(topic) + struct.pack('>H', client.number()) +
                    put_properties({'expiry': 86400}) + payload.encode())
            client.send(PUBLISH, flags, body)
            flying += 1
            if flying == WINDOW:
                client.wait(PUBACK)
                flying -= 1
        while flying:
            client.wait(PUBACK)
            flying -= 1
        client.leave()

    def allow(self, rule):
        """The reader may do that too."""
        with open(self.lab.path(self.name, 'readers.acl'), 'a') as out:
            out.write(f'user reader\n{rule}\n')
        self.process.send_signal(signal.SIGHUP)

    def stop(self):
        self.lab.stop(self.process)


class Hub:
    def __init__(self, lab, name, people):
        self.lab, self.people = lab, people
        self.dir = lab.path(name)
        self.port = free_port()
        self.numbers = itertools.count()
        self.config = lab.path(name + '.conf')
        with open(self.config, 'w') as out:
            out.write(f'''[listen]
device_address = 127.0.0.1
device_port = {self.port}
enrol_address = 127.0.0.1
enrol_port = {free_port()}
[sign-in]
ways = pin
''')
        self.admin('init', '--tenant', TENANT, '--name', 'localhost',
                   '--ca-cert', lab.pki('ca.crt'), '--ca-key', lab.pki('ca.key'))
        documents = lab.path(name + '.documents')
        with open(documents, 'wb') as out:
            subprocess.run([lab.program('ph-bench-hub-fill'), self.dir,
                            str(people), str(JOBS)], stdout=out, check=True)
        for printer in range(PRINTERS):
            self.admin('printer', 'add', '--cert',
                       lab.pki(f'pr-{printer}.crt'))
        self.broker = Broker(lab, name + '-broker', documents)
        with open(self.config, 'a') as out:
            out.write('[directory]\n'
                      f'url = wss://localhost:{self.broker.port}/mqtt\n')
        self.process, self.taken_s = None, None
        self._start(name, people)

    def admin(self, *words):
        return self.lab.run([self.lab.program('printhold-hub'), '--dir',
                             self.dir, '--config', self.config, *words])

    def ask(self, sql, *values):
        """The first value of the first row of its database, or None."""
        self.lab.must_live(self.process)
        link = sqlite3.connect(f'file:{self.dir}/hub.db?mode=ro', uri=True)
        try:
            row = link.execute(sql, values).fetchone()
        finally:
            link.close()
        return row[0] if row else None

    def _start(self, name, people):
        began = time.monotonic()
        self.process = self.lab.start(name, [
            self.lab.program('printhold-hub'), '--dir', self.dir, '--config',
            self.config, 'serve'])
        wait_for(f'all {people} documents', 300,
                 lambda: self.ask('SELECT count(*) FROM document') == people)
        self.taken_s = time.monotonic() - began

    def rss(self, kind='VmRSS'):
        """MiB."""
        return kib(self.process.pid, 'status', kind) / 1024

    def _plan(self, count, path):
        """What curl is to do: each another person at another printer."""
        lab = self.lab
        with open(path, 'w') as out:
            for number in itertools.islice(self.numbers, count):
                printer = f'pr-{number % PRINTERS}'
                out.write(f'''{'next' if out.tell() else ''}
url = "https://localhost:{self.port}/v1/sign-in"
cacert = "{lab.pki('ca.crt')}"
cert = "{lab.pki(printer + '.crt')}"
key = "{lab.pki(printer + '.key')}"
header = "Content-Type: application/json"
data = "{{\\"way\\":\\"pin\\",\\"pin\\":\\"4711{number % self.people:06}\\"}}"
output = "{lab.path('answer')}"
write-out = "%{{http_code}} %{{time_total}} %{{num_connects}}\\n"
''')

    def sign_in(self, count=SIGN_INS, at_once=1):
        """Seconds of each, from connect(2) to the whole answer."""
        plan = self.lab.path('plan')
        self._plan(count, plan)
        said = self.lab.run(['curl', '--silent', '--parallel',
                             '--parallel-immediate', '--parallel-max',
                             str(at_once), '--config', plan])
        taken = []
        for line in said.splitlines():
            status, seconds, connects = line.split()
            if status != '201' or (at_once == 1 and connects != '1'):
                raise Failed(f'a sign-in is answered {status} on '
                             f'{connects} connections')
            taken.append(float(seconds))
        if len(taken) != count:
            raise Failed(f'{len(taken)} of {count} sign-ins were answered')
        with open(self.lab.path('answer'), encoding='utf-8') as answer:
            workstation, = json.load(answer)['workstations']
        if len(workstation['jobs']) != JOBS or 'grant' not in workstation:
            raise Failed('the list is not whole')
        return taken

    def stop(self):
        self.lab.stop(self.process)
        self.broker.stop()


class _Desk:
    """A workstation of the hub's fleet, with a person who prints there."""

    def __init__(self, lab, hub):
        self.lab, self.hub = lab, hub
        for name in ('issuer.pub', 'directory.key'):  # as enrolment brings them
            shutil.copyfile(os.path.join(hub.dir, name), lab.pki(name))
        self.agent = Agent(lab, 'desk', release=True,
                           broker_port=hub.broker.port,
                           settings='issuer = https://localhost')
        login = f'{lab.person}@{DOMAIN}'
        hub.admin('user', 'add', login)
        hub.admin('printer', 'add', '--cert', lab.pki(PRINTER + '.crt'))
        hub.admin('workstation', 'add', '--cert', lab.pki(WORKSTATION + '.crt'))
        hub.admin('workstation', 'bind', WORKSTATION, login)
        self.pin = lab.path('pin')
        said = json.loads(hub.admin('pin', 'make', login, '--json'))
        with open(self.pin, 'w') as out:
            out.write(said['pin'] + '\n')
        self.document = lab.path('desk.pdf')
        documents.pdf_of_text(self.document, 50000, 3)

    def _is_told(self, job):
        told = self.hub.ask('SELECT text FROM document WHERE device = ?',
                            WORKSTATION)
        return told is not None and job in told

    def release(self):
        """Seconds."""
        lab = self.lab
        self.agent.print(self.document, 'application/pdf', ['--pipe'])
        job = self.agent.jobs()[-1]['id']
        wait_for('the hub to know the job', 30, lambda: self._is_told(job))
        taken = lab.time([], [
            lab.program('printhold-station'), 'sign-in', '--hub',
            f'localhost:{self.hub.port}', '--way', 'pin', '--secret-file',
            self.pin, '--cert', lab.pki(PRINTER + '.crt'), '--key',
            lab.pki(PRINTER + '.key'), '--ca', lab.pki('ca.crt'), '--output',
            lab.path('paper'), '--job', job, '--quiet'], user='root')
        if os.path.getsize(lab.path('paper', job + '.pdf')) != os.path.getsize(
                self.document):
            raise Failed('the paper is not whole')
        return taken


def _percentile(samples, percent):
    return sorted(samples)[min(len(samples) * percent // 100,
                               len(samples) - 1)]


def _sign_in(few, many, options, percent, safe, what):
    contest = Contest(f'sign-in, {what}', {
        'few': lambda: _percentile(few.sign_in(), percent),
        'many': lambda: _percentile(many.sign_in(), percent)})
    if options.hold(contest, options.rounds):
        yield Figure(f'hub: sign-in to list, {what}',
                     contest.median('many') * 1e3, contest.control(),
                     safe=safe, unit='ms',
                     detail=f'hub of {FEW} people '
                            f'{contest.median("few") * 1e3:.1f}')


def _at_once(few, many, options):
    count = 100 if options.quick else 500
    contest = Contest(f'{count} sign-ins at once', {
        'few': lambda: max(few.sign_in(count, count)),
        'many': lambda: max(many.sign_in(count, count))})
    if options.hold(contest, min(options.rounds, 5)):
        yield Figure(f'hub: {count} sign-ins at once, the last',
                     contest.median('many') * 1e3, contest.control(),
                     unit='ms', detail=f'hub of {FEW} people '
                                       f'{contest.median("few") * 1e3:.0f}')


def _grant(lab, hub):
    said = json.loads(lab.run([lab.program('ph-bench-hub-grants'), hub.dir,
                               '2000']))
    grants, bare = said['grant_ns'], said['signature_ns']
    yield Figure('hub: a grant, p99', _percentile(grants, 99) / 1e6,
                 statistics.median(bare[1::2]) / statistics.median(bare[::2]),
                 safe=2, unit='ms',
                 detail=f'p50 {statistics.median(grants) / 1e6:.3f}, a bare '
                        f'signature {statistics.median(bare) / 1e6:.3f}')


def _release(lab, hub, options):
    os.mkdir(lab.path('paper'))
    desk = _Desk(lab, hub)
    desk.release()  # warm
    taken = [desk.release() for _ in range(20 if options.quick else RELEASES)]
    yield Figure('hub: a whole release, p50', statistics.median(taken) * 1e3,
                 statistics.median(taken[1::2]) / statistics.median(taken[::2]),
                 safe=300, unit='ms',
                 detail=f'p99 {_percentile(taken, 99) * 1e3:.0f}')
    desk.agent.stop()


def busy(lab, options):
    """Two hubs, one much larger."""
    for printer in range(PRINTERS):
        lab.make_printer(f'pr-{printer}')
    few = Hub(lab, 'hub-few', FEW)
    many = Hub(lab, 'hub-many', 5000 if options.quick else 100_000)
    yield from _sign_in(few, many, options, 50, 50, 'p50')
    yield from _sign_in(few, many, options, 99, 250, 'p99')
    yield from _at_once(few, many, options)
    yield from _grant(lab, many)
    yield from _release(lab, many, options)
    yield Figure(f'hub: {many.people} documents taken', many.taken_s, 1.0,
                 unit='s', detail=f'{many.people / many.taken_s:.0f} in a '
                                  'second, start of the hub included')
    yield Figure('hub: RSS', many.rss(), 1.0, safe=300, unit='MiB',
                 detail=f'peak {many.rss("VmHWM"):.0f}; hub of {FEW} people '
                        f'{few.rss():.0f}')
    for hub in (few, many):
        hub.stop()
