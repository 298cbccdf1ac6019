"""Claim 3: sending a large job to a printer, against nginx."""

import json
import os
import time

import documents
from lab import PRINTER, Agent, Session
from nginx import Nginx
from rounds import Contest, Figure

METHOD = '''\
The same client for both, on loopback: TLS 1.3, TLS_AES_256_GCM_SHA384, P-256,
both certificates. Measured from just before the GET, on a connection whose
handshake is over, to the last byte. "decrypting" reads with SSL_read;
"draining" has the kernel throw the bytes away, so that the server alone is
measured. nginx (one worker, Debian's sendfile setting) serves the plaintext
file, both files being in the page cache; ours authenticates and decrypts the
spool file while it sends. The session is open, the job claimed and, as always
before a first byte, verified: the first GET of the session pays for that and is
shown on its own line.'''

def pull_one(lab, port, path, size, mode, token=''):
    command = [lab.program('ph-bench-pull'), '--address', '127.0.0.1',
               '--port', str(port), '--ca', lab.pki('ca.crt'),
               '--cert', lab.pki(PRINTER + '.crt'),
               '--key', lab.pki(PRINTER + '.key'), '--path', path,
               '--bytes', str(size), '--mode', mode]
    said = lab.run(command, input=token + '\n')
    return json.loads(said)['wall_ns'] / 1e9


class Release:
    """The job at our release service, with a session that stays young."""

    SESSION_S = 240

    def __init__(self, lab, agent, job, size):
        self.lab, self.agent, self.job, self.size = lab, agent, job, size
        self.session = None
        self.first = []
        self.opened = 0

    def renew(self):
        """A session whose first GET was made."""
        if time.monotonic() - self.opened < self.SESSION_S:
            return
        if self.session is not None:
            self.session.close()
        self.session = Session(self.agent)
        self.opened = time.monotonic()
        self.session.ask('POST', f'/v1/jobs/{self.job}/claim')
        self.first.append(self.pull('decrypt'))

    def first_get(self):
        self.opened = float('-inf')
        self.renew()
        return self.first[-1]

    def pull(self, mode):
        return pull_one(self.lab, self.agent.port,
                     f'/v1/jobs/{self.job}/document', self.size, mode,
                     self.session.token)


def pull(lab, options):
    """Release of a large job against nginx with the plaintext."""
    size = 256 * documents.MIB if options.quick else 1024 * documents.MIB
    agent = Agent(lab, 'release', release=True)
    nginx = Nginx(lab)
    plain = os.path.join(nginx.www, 'document')
    documents.opaque(plain, size)
    agent.print(plain, 'application/octet-stream', ['--pipe'])
    ours = Release(lab, agent, agent.jobs()[-1]['id'], size)
    ours.renew()
    rate = size / 1e6
    for mode, name, safe, aim in (('decrypt', 'decrypting', 0.65, 0.80),
                                  ('drain', 'draining', None, None)):
        contest = Contest(
            f'release of {size // documents.MIB} MiB, {name}',
            {'nginx': lambda m=mode: pull_one(lab, nginx.port, '/document', size,
                                           m),
             'agent': lambda m=mode: ours.pull(m)},
            before=ours.renew)
        if options.hold(contest, options.rounds):
            yield Figure(
                contest.name, contest.speed('agent'), contest.control(),
                safe=safe, aim=aim, more_is_better=True,
                detail=f'{rate / contest.median("agent"):.0f} MB/s against '
                       f'{rate / contest.median("nginx"):.0f} MB/s')
    contest = Contest(
        '  first GET of a session',
        {'nginx': lambda: pull_one(lab, nginx.port, '/document', size, 'decrypt'),
         'agent': ours.first_get})
    if options.hold(contest, options.rounds):
        yield Figure(
            contest.name, contest.speed('agent'), contest.control(),
            more_is_better=True,
            detail=f'{contest.median("agent"):.2f} s against '
                   f'{contest.median("nginx"):.2f} s')
    agent.stop()
    nginx.stop()
    os.unlink(plain)
