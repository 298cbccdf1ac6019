"""Claim 4: many printers at the same time, against nginx."""

import contextlib
import json
import os
import statistics
import subprocess

import documents
from idle import kib, program_pid
from lab import Agent, Failed, Session
from nginx import Nginx
from release import Release, pull_one
from rounds import Contest, Figure, is_good

METHOD = '''\
One client for all (ph-bench-crowd): every connection has its own full handshake
with both certificates and one GET; after the first bytes the kernel throws the
others away, so that the server is what is measured. Printers have certificates
and addresses (127.0.0.x) of their own. Sessions are new in each run, so ours
verifies each file before its first byte, inside of the time; they are opened
and the jobs claimed before it begins. Time to the first byte counts from
connect(2). nginx serves the plaintext, other files with other names.
    pulls       10 and 100 documents of 5 MB at once, nginx with two workers
    handshake   processor time of the server for a connection with a small
                answer, over 500 of them, nginx with one worker
    memory      RSS for each of 100 printers that stopped reading, and over
                5,000 lists
    1 GiB       one pull while 500 printers connect, ask and go'''

PRINTERS = 34
PER_PRINTER = 15  # connections of one certificate: below the service's limit
DOCUMENT_BYTES = 5_000_000
HANDSHAKES = 500
LISTS = 5000


class _Printers:
    """Certificates, and where their printers seem to stand."""

    def __init__(self, lab):
        self.lab = lab
        self.names = [f'pr-{number}' for number in range(PRINTERS)]
        for name in self.names:
            lab.make_printer(name)

    def of(self, number):
        """For the n-th connection of a crowd."""
        return self.names[number // PER_PRINTER % PRINTERS]

    def line(self, number, path, token='-'):
        name = self.of(number)
        return (f'127.0.0.{2 + number // PER_PRINTER % PRINTERS} '
                f'{self.lab.pki(name + ".crt")} {self.lab.pki(name + ".key")} '
                f'{path} {token}\n')


def _command(lab, port, parallel, mode):
    return [lab.program('ph-bench-crowd'), '--address', '127.0.0.1', '--port',
            str(port), '--ca', lab.pki('ca.crt'), '--parallel', str(parallel),
            '--mode', mode]


def _visit(lab, port, plan, parallel, mode='drain'):
    said = lab.run(_command(lab, port, parallel, mode),
                   input=''.join(plan) + '\n')
    return json.loads(said.splitlines()[-1])


@contextlib.contextmanager
def _crowd(lab, port, plan, parallel, mode):
    """As long as the context, once it has begun."""
    with subprocess.Popen(_command(lab, port, parallel, mode), text=True,
                          stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as crowd:
        crowd.stdin.write(''.join(plan) + '\n')
        crowd.stdin.flush()
        if crowd.stdout.readline() != 'begun\n':
            raise Failed('the crowd did not begin')
        yield crowd
        crowd.stdin.close()
        crowd.stdout.read()
        if crowd.wait() != 0:
            raise Failed('the crowd was not served')


class _Jobs:
    """Held documents, each claimed by a printer in a session of its own."""

    def __init__(self, lab, agent, printers, document, count):
        self.agent, self.printers, self.count = agent, printers, count
        for _ in range(count):
            agent.print(document, 'application/octet-stream', ['--pipe'])
        self.jobs = [job['id'] for job in agent.jobs()
                     if job['state'] == 'held'][-count:]
        self.sessions = []

    def restart(self):
        """Which ends the sessions."""
        self.agent.stop()
        self.agent.start()
        self.sessions = []

    def plan(self, count):
        """Lines for so many pulls, nothing of which was verified."""
        for session in self.sessions:
            session.ask('DELETE', '/v1/sessions/current')
            session.close()
        self.sessions = []
        lines = []
        for number, job in enumerate(self.jobs[:count]):
            session = Session(self.agent, self.printers.of(number))
            session.ask('POST', f'/v1/jobs/{job}/claim')
            session.close()
            self.sessions.append(session)
            lines.append(self.printers.line(
                number, f'/v1/jobs/{job}/document', session.token))
        return lines


def _pulls(lab, options, jobs, nginx, count):
    """Speed of all together, and the time to the first byte of the last."""
    plans = {}

    def prepare():
        plans['agent'] = jobs.plan(count)

    plans['nginx'] = [jobs.printers.line(number, f'/d{number}')
                      for number in range(count)]
    seen = {}

    def run(name, port, what):
        seen[name] = _visit(lab, port, plans[name], count)
        return seen[name][what] / 1e9

    def contest(name, what):
        return Contest(name, {
            'nginx': lambda: run('nginx', nginx.port, what),
            'agent': lambda: run('agent', jobs.agent.port, what)},
                       before=prepare)

    all_of_them = contest(f'{count} pulls of 5 MB at once', 'wall_ns')
    if options.hold(all_of_them, options.rounds):
        rate = count * DOCUMENT_BYTES / 1e6
        yield Figure(
            all_of_them.name, all_of_them.speed('agent'), all_of_them.control(),
            safe=1.0, more_is_better=True,
            detail=f'{rate / all_of_them.median("agent"):.0f} MB/s against '
                   f'{rate / all_of_them.median("nginx"):.0f} MB/s')
    last = contest('  the same, p99 of the first byte', 'p99_ns')
    if options.hold(last, options.rounds):
        yield Figure(
            last.name, last.times('agent'), last.control(),
            safe=0.7 if count == 100 else None,
            detail=f'{last.median("agent") * 1e3:.0f} ms against '
                   f'{last.median("nginx") * 1e3:.0f} ms')


def _processor_ns(pids):
    """Of all their threads."""
    total = 0
    for pid in pids:
        for task in os.listdir(f'/proc/{pid}/task'):
            with open(f'/proc/{pid}/task/{task}/schedstat') as stat:
                total += int(stat.read().split()[0])
    return total


def _children(pid):
    said = subprocess.run(['pgrep', '--parent', str(pid)], text=True,
                          capture_output=True, check=True)
    return [int(word) for word in said.stdout.split()]


def _handshakes(lab, options, agent, printers, nginx):
    """Processor time of a connection with a small answer."""
    workers = _children(nginx.process.pid)
    ours = [program_pid(agent.process, 'printhold-agent')]

    def run(pids, port, path):
        plan = [printers.line(number, path) for number in range(HANDSHAKES)]
        before = _processor_ns(pids)
        _visit(lab, port, plan, 8)
        return (_processor_ns(pids) - before) / 1e9 / HANDSHAKES

    contest = Contest('processor time of a handshake', {
        'nginx': lambda: run(workers, nginx.port, '/small'),
        'agent': lambda: run(ours, agent.port, '/v1')})
    if options.hold(contest, options.rounds):
        yield Figure(contest.name, contest.times('agent'), contest.control(),
                     safe=0.75,
                     detail=f'{contest.median("agent") * 1e3:.2f} ms against '
                            f'{contest.median("nginx") * 1e3:.2f} ms')


def _memory(lab, options, jobs):
    """RSS of a pull, and what 5,000 lists leave behind."""
    pid = program_pid(jobs.agent.process, 'printhold-agent')
    samples = []
    for _ in range(4 if options.quick else 6):
        plan = jobs.plan(jobs.count)
        before = kib(pid, 'status', 'VmRSS')
        with _crowd(lab, jobs.agent.port, plan, len(plan), 'hold') as crowd:
            while crowd.stdout.readline() not in ('held\n', ''):
                pass
            samples.append((kib(pid, 'status', 'VmRSS') - before) / jobs.count)
        jobs.restart()
        pid = program_pid(jobs.agent.process, 'printhold-agent')
    control = (statistics.median(samples[1::2]) /
               statistics.median(samples[0::2]))
    if options.take('RSS of a pull, KiB', {'agent': samples}, is_good(control)):
        yield Figure('RSS for each of 100 pulls', statistics.median(samples),
                     control, safe=160, unit='KiB')
    session = Session(jobs.agent)
    seen = []
    for number in range(LISTS + 500):
        if number in (500, LISTS // 2 + 500):
            seen.append(kib(pid, 'status', 'VmRSS'))
        session.ask('GET', '/v1/jobs')
    seen.append(kib(pid, 'status', 'VmRSS'))
    session.close()
    yield Figure(f'RSS after {LISTS:,} lists', seen[2] / seen[0],
                 seen[1] / seen[0], safe=1.02,
                 detail=f'{seen[2]} KiB after {seen[0]} KiB; control: the '
                        'first half')


def _unhindered(lab, options, agent, printers, nginx, plain):
    """One large pull while many connect, ask and go."""
    size = os.path.getsize(plain)
    agent.print(plain, 'application/octet-stream', ['--pipe'])
    ours = Release(lab, agent, agent.jobs()[-1]['id'], size)
    ours.renew()

    def run(port, small, one):
        plan = [printers.line(number, small) for number in range(HANDSHAKES)]
        with _crowd(lab, port, plan, 50, 'drain'):
            return one()

    contest = Contest(
        f'{size // documents.MIB} MiB while {HANDSHAKES} connect', {
            'nginx': lambda: run(nginx.port, '/small', lambda: pull_one(
                lab, nginx.port, '/document', size, 'decrypt')),
            'agent': lambda: run(agent.port, '/v1',
                                 lambda: ours.pull('decrypt'))},
        before=ours.renew)
    if options.hold(contest, options.rounds):
        yield Figure(
            contest.name, contest.speed('agent'), contest.control(),
            more_is_better=True,
            detail=f'{contest.median("agent"):.2f} s against '
                   f'{contest.median("nginx"):.2f} s')


def pulls(lab, options):
    """Many printers at once."""
    agent = Agent(lab, 'crowd', release=True, settings='pulls_max = 128\n')
    printers = _Printers(lab)
    one, two = Nginx(lab), Nginx(lab, workers=2)
    document = lab.path('document')
    documents.opaque(document, DOCUMENT_BYTES)
    count = 100
    for number in range(count):
        documents.opaque(os.path.join(two.www, f'd{number}'), DOCUMENT_BYTES)
    with open(os.path.join(one.www, 'small'), 'w') as out:
        out.write('x' * 200)
    jobs = _Jobs(lab, agent, printers, document, count)
    for parallel in (10, count):
        yield from _pulls(lab, options, jobs, two, parallel)
    yield from _handshakes(lab, options, agent, printers, one)
    plain = os.path.join(one.www, 'document')
    documents.opaque(plain, (256 if options.quick else 1024) * documents.MIB)
    yield from _unhindered(lab, options, agent, printers, one, plain)
    yield from _memory(lab, options, jobs)
    agent.stop()
    one.stop()
    two.stop()
