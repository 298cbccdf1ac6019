"""Claim 4: the memory and the time of an agent that has nothing to do."""

import os
import socket
import statistics
import time

from lab import TOP, Agent, free_port, wait_for
from rounds import Figure, is_good

METHOD = '''\
VmRSS of a freshly started agent whose release service listens and whose cloud
link is up ("printhold status --json" says online) to a real mosquitto over
WebSocket Secure, after some seconds in which nothing happens. Several starts;
the control is the median of every second start against that of the others.
Then the processor time of all its threads over a minute (quick: 20 s).'''

SILENCE_S = 4
BUSY_S = 60


def listens(port):
    try:
        socket.create_connection(('localhost', port), 1).close()
    except OSError:
        return False
    return True


class Broker:
    def __init__(self, lab):
        self.port = free_port()
        self.tls_port = free_port()
        here = lab.path('broker')
        self.process = lab.start(
            'mosquitto',
            [os.path.join(TOP, 'cloud/mosquitto/start'), '--dir', here,
             '--ca', lab.pki('ca.crt'), '--cert', lab.pki('broker.crt'),
             '--key', lab.pki('broker.key'), '--wss-port', str(self.port),
             '--tls-port', str(self.tls_port), '--reader', 'reader'])
        wait_for('the broker', 20, lambda: all(
            map(listens, (self.port, self.tls_port))))


def kib(pid, file, name):
    with open(f'/proc/{pid}/{file}') as lines:
        for line in lines:
            if line.startswith(name + ':'):
                return int(line.split()[1])
    return 0


def processor_ns(pid):
    """Of all threads, as the scheduler counts it."""
    total = 0
    for thread in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{thread}/schedstat') as schedstat:
            total += int(schedstat.read().split()[0])
    return total


def program_pid(process, name):
    """setpriv(1) becomes the program: same process id."""
    with open(f'/proc/{process.pid}/comm') as comm:
        assert comm.read().strip() == name[:15]
    return process.pid


def online(agent):
    status = agent.status()
    return status is not None and status['cloud'] == 'online'


def _busy(pid, seconds):
    """Percent of one processor."""
    before = processor_ns(pid)
    time.sleep(seconds)
    return (processor_ns(pid) - before) / (seconds * 1e9) * 100


def rss(lab, options):
    """Resident memory with the cloud link and the release service up."""
    broker = Broker(lab)
    agent = Agent(lab, 'idle', release=True, broker_port=broker.port)
    samples, private, anonymous = [], [], []
    for start in range(4 if options.quick else 6):
        if start > 0:
            agent.start()
        wait_for('the cloud link', 30, lambda: online(agent))
        time.sleep(SILENCE_S)
        pid = program_pid(agent.process, 'printhold-agent')
        samples.append(kib(pid, 'status', 'VmRSS'))
        anonymous.append(kib(pid, 'status', 'RssAnon'))
        private.append(kib(pid, 'smaps_rollup', 'Private_Clean') +
                       kib(pid, 'smaps_rollup', 'Private_Dirty'))
        if start == 0:
            share = _busy(pid, 20 if options.quick else BUSY_S)
        agent.stop()
    lab.stop(broker.process)
    control = (statistics.median(samples[1::2]) /
               statistics.median(samples[0::2]))
    if options.take('idle RSS, KiB', {'agent': samples}, is_good(control)):
        yield Figure(
            'idle agent, RSS', statistics.median(samples) / 1024, control,
            safe=16, aim=12, unit='MiB',
            detail=f'private {statistics.median(private) / 1024:.1f}, '
                   f'anonymous {statistics.median(anonymous) / 1024:.1f}')
        yield Figure('  private', statistics.median(private) / 1024, control,
                     safe=5, unit='MiB')
    yield Figure('  processor time', share, 1.0, safe=0.1, unit='%')
