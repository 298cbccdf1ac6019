"""Claim 5: an agent that holds 100,000 jobs is as quick as one that holds 20."""

import json
import os
import pwd
import socket
import statistics
import struct
import time

from idle import kib, program_pid
from lab import Agent, Failed
from rounds import Contest, Figure

METHOD = '''\
Two agents: one holds 20 jobs of one person, the other these and 99,980 of 200
others (quick: 10,000 in all); files and rows are sealed by the agent's own code
(ph-bench-fill). No cloud. Baseline and control are the agent with 20 jobs.
  start     from exec until the status is answered
  list      a person's 20 jobs over the control socket on one connection, from
            the first byte sent to the last taken, so more than the agent's own
            part; p99 of 500 (ph-bench-list)
  jobs      "printhold jobs" of that person, from exec to exit
  memory    VmRSS: without a job, with all after the start, after 1,000 lists
Files and catalogue are in the page cache: the start after a boot reads them.'''

OWN, USERS, LISTS, STARTS = 20, 200, 500, 3
LIMIT_S = 60
REQUEST, REPLY = 1, 2


def _send(link, request):
    body = json.dumps(request).encode()
    link.sendall(struct.pack('>IB', len(body) + 1, REQUEST) + body)


def _answer(link):
    """Type of the next frame; its body is passed over."""
    reader = link.makefile('rb')
    while True:
        head = reader.read(5)
        if len(head) < 5:
            raise OSError('closed')
        length, kind = struct.unpack('>IB', head)
        reader.read(length - 1)
        if kind == REPLY:
            return


def _is_answered(path):
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(LIMIT_S)
            link.connect(path)
            _send(link, {'version': 1, 'op': 'status'})
            _answer(link)
    except OSError:
        return False
    return True


class _Host:
    """An agent with so many jobs, OWN of them the person's."""

    def __init__(self, lab, name, count):
        self.lab = lab
        self.agent = Agent(lab, name)
        self.rss_empty = self.rss()
        self.agent.stop()
        lab.run(lab.as_user(lab.agent_user, [
            lab.program('ph-bench-fill'), str(count), str(USERS),
            str(pwd.getpwnam(lab.person).pw_uid), str(OWN)]),
                env=self.agent.env)
        self.start()

    def rss(self, kind='VmRSS'):
        return kib(program_pid(self.agent.process, 'printhold-agent'),
                   'status', kind)

    def start(self):
        """Seconds until it answers."""
        agent = self.agent
        path = os.path.join(self.lab.path(agent.name), 'run', 'control.sock')
        began = time.monotonic()
        agent.launch()
        while not _is_answered(path):
            self.lab.must_live(agent.process)
            if time.monotonic() - began > LIMIT_S:
                raise Failed(f'the agent does not answer within {LIMIT_S} s')
            time.sleep(0.001)
        return time.monotonic() - began

    def restart(self):
        """The median of a few: a start is short, and noise is not."""
        taken = []
        for _ in range(STARTS):
            self.agent.stop()
            taken.append(self.start())
        return statistics.median(taken)

    def list(self, times=LISTS):
        """All times, in seconds, of a list and of a request for nothing."""
        said = json.loads(self.lab.run(self.lab.as_user(self.lab.person, [
            self.lab.program('ph-bench-list'), str(times)]),
                                       env=self.agent.env))
        if said['jobs'] != OWN:
            raise Failed(f'{said["jobs"]} jobs are listed, not {OWN}')
        return ([each / 1e6 for each in said['list_us']],
                [each / 1e6 for each in said['nothing_us']])

    def jobs(self):
        return self.lab.time([], [self.lab.program('printhold-cli'), 'jobs'],
                             env=self.agent.env, user=self.lab.person)


def _p99(samples):
    return sorted(samples)[len(samples) * 99 // 100]


def _start(few, many, options):
    contest = Contest('start of an agent', {
        '20 jobs': few.restart, 'many jobs': many.restart})
    if options.hold(contest, options.rounds):
        yield Figure('many jobs: start of the agent to answer',
                     contest.median('many jobs') * 1e3, contest.control(),
                     safe=500, unit='ms',
                     detail=f'with {OWN} jobs '
                            f'{contest.median("20 jobs") * 1e3:.1f}')


def _list(few, many, options):
    nothing = []

    def run(host):
        lists, others = host.list()
        nothing.extend(others)
        return _p99(lists)

    contest = Contest(f'list of {OWN} jobs', {
        '20 jobs': lambda: run(few), 'many jobs': lambda: run(many)})
    if options.hold(contest, options.rounds):
        yield Figure(f'many jobs: a list of {OWN}, p99',
                     contest.median('many jobs') * 1e3, contest.control(),
                     safe=1, unit='ms',
                     detail=f'agent with {OWN} jobs '
                            f'{contest.median("20 jobs") * 1e3:.2f}, a request '
                            f'for nothing {_p99(nothing) * 1e3:.2f}')


def _command(few, many, options):
    contest = Contest('printhold jobs', {
        '20 jobs': few.jobs, 'many jobs': many.jobs})
    if options.hold(contest, options.rounds):
        yield Figure(f'many jobs: "printhold jobs" of {OWN}',
                     contest.median('many jobs') * 1e3, contest.control(),
                     safe=50, unit='ms',
                     detail=f'agent with {OWN} jobs '
                            f'{contest.median("20 jobs") * 1e3:.1f}')


def _memory(few, many):
    """Freshly started; the control is the other agent's growth."""
    grown = {}
    for host in (few, many):
        host.restart()
        before = host.rss()
        for _ in range(1000 // LISTS):
            host.list()
        grown[host] = host.rss() / before
    yield Figure('many jobs: RSS after 1,000 lists', grown[many],
                 grown[few], safe=1.1,
                 detail=f'by before them; control: the agent with {OWN} jobs')
    yield Figure('many jobs: RSS', many.rss() / 1024,
                 many.rss_empty / few.rss_empty, safe=64, aim=16, unit='MiB',
                 detail=f'peak {many.rss("VmHWM") / 1024:.1f}, without a job '
                        f'{many.rss_empty / 1024:.1f}; control: two agents '
                        'without jobs')


def quick(lab, options):
    """Start, lists and memory with many jobs."""
    few = _Host(lab, 'few', OWN)
    many = _Host(lab, 'many', 10_000 if options.quick else 100_000)
    yield from _start(few, many, options)
    yield from _list(few, many, options)
    yield from _command(few, many, options)
    yield from _memory(few, many)
    for host in (few, many):
        host.agent.stop()
