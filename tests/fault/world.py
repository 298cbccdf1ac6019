"""A workstation to break: real agent, real backend, a printer's sessions, and
ph-fault.so (tests/support/fault.c) to strike at the n-th call of either.

Everything else is the bench's private world (bench/lab.py).
"""

import hashlib
import mmap
import os
import pwd
import random
import signal
import struct
import subprocess
import sys
import uuid

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, 'bench'))

import lab as bench  # noqa: E402
from lab import DOMAIN, ISSUER, PRINTER, WORKSTATION, Failed  # noqa: E402

# tests/support/fault.h
OPEN, WRITE, SYNC, RENAME, UNLINK, TRUNCATE, MKDIR, CLOSE, READ, SEND, MALLOC, \
    SQLITE = (1 << n for n in range(12))
COUNT, KILL, ERROR, SHORT, NO_SYNC = range(5)
# Between two of these a process changes nothing that outlives it.
LASTING = OPEN | WRITE | SYNC | RENAME | UNLINK | TRUNCATE | MKDIR | CLOSE | SEND
PAGE_BYTES = 4096

BACKEND_SAYS_WHY = (3, 5, 6)  # exit codes that go with a message in the queue


def say(text):
    print(f'    {text}', flush=True)


class Page:
    """The order to ph-fault.so in one process."""

    def __init__(self, path):
        self.path = path
        with open(path, 'wb') as out:
            out.write(bytes(PAGE_BYTES))
        os.chmod(path, 0o666)
        with open(path, 'r+b') as both:
            self.bytes = mmap.mmap(both.fileno(), PAGE_BYTES)

    def arm(self, kinds, action, error=0, first=1, last=None):
        self.disarm()
        struct.pack_into('=IIIiIIII', self.bytes, 0, 0, kinds, action, error,
                         first, last if last is not None else first, 0, 0)
        struct.pack_into('=I', self.bytes, 0, 1)

    def disarm(self):
        struct.pack_into('=I', self.bytes, 0, 0)

    def count(self):
        return struct.unpack_from('=I', self.bytes, 24)[0]

    def struck(self):
        return struct.unpack_from('=I', self.bytes, 28)[0]


class World(bench.Lab):
    """Use as a context. Programs are those of the build."""

    PROGRAMS = dict(bench.Lab.PROGRAMS, **{
        'ph-spool-facts': 'tests/support/ph-spool-facts',
        'ph-fault.so': 'tests/support/ph-fault.so',
    })

    def __init__(self, build):
        super().__init__(build, '/tmp', keep=False)
        linked = subprocess.run(['ldd', self.program('printhold-agent')],
                                text=True, capture_output=True, check=True)
        found = [line.split()[2] for line in linked.stdout.splitlines()
                 if 'libasan' in line]
        self.is_sanitized = bool(found)
        self.preload = ' '.join(found + [self.program('ph-fault.so')])
        self.pages = 0

    def page(self):
        self.pages += 1
        return Page(self.path(f'fault.{self.pages}'))

    def fault_env(self, page, program, in_child=False):
        env = {'LD_PRELOAD': self.preload, 'PH_FAULT_PAGE': page.path,
               'PH_FAULT_PROGRAM': program}
        if in_child:
            env['PH_FAULT_CHILD'] = 'yes'
        return env


def drop_to(user):
    entry = pwd.getpwnam(user)
    return {'user': entry.pw_uid, 'group': entry.pw_gid, 'extra_groups': []}


class Document:
    """What was printed, and how that ended."""

    def __init__(self, content):
        self.content = content
        self.sha256 = hashlib.sha256(content).hexdigest()
        self.uuid = f'urn:uuid:{uuid.uuid4()}'
        self.attempts = 0
        # sent: not taken, or nobody knows; held: CUPS was told that it is
        # done; ending: delete or release begun; gone: that was acknowledged
        self.state = 'new'


class Workstation:
    """One agent with its directories below home, which may be a mount."""

    def __init__(self, world, name, home=None, settings=''):
        self.world = world
        self.name = name
        self.here = world.path(name)
        self.home = home or os.path.join(self.here, 'home')
        self.etc = os.path.join(self.here, 'etc')
        self.log = os.path.join(self.here, 'agent.log')
        os.makedirs(self.etc, 0o755)
        os.makedirs(self.home, 0o755, exist_ok=True)
        self.settings = settings
        self.port = bench.free_port()
        self.make_dirs()
        self._write_configuration()
        self.page = world.page()
        self.documents = []
        self.agent = None
        self.cups_job = 0
        self._run(self._as_agent('printhold-agent', 'key', 'init'))

    def make_dirs(self):
        entry = pwd.getpwnam(self.world.agent_user)
        for path, mode in ((os.path.join(self.home, 'state'), 0o700),
                           (os.path.join(self.home, 'spool'), 0o700),
                           (os.path.join(self.here, 'run'), 0o755)):
            os.makedirs(path, mode, exist_ok=True)
            os.chown(path, entry.pw_uid, entry.pw_gid)

    def _write_configuration(self):
        world, pki = self.world, self.world.pki
        with open(os.path.join(self.etc, 'printhold.conf'), 'w') as out:
            out.write(f'''[agent]
state_dir = {self.home}/state
spool_dir = {self.home}/spool
capture_socket = {self.here}/run/capture.sock
control_socket = {self.here}/run/control.sock
agent_user = {world.agent_user}
capture_user = {world.capture_user}
[owner]
domain = {DOMAIN}
[keys]
file = {self.home}/state/machine.key
[jobs]
free_reserve = 1M
{self.settings}
[identity]
ca_file = {pki('ca.crt')}
cert_file = {pki(WORKSTATION + '.crt')}
key_file = {pki(WORKSTATION + '.key')}
[backend]
pagecount_program =
agent_wait = 1s
[release]
address = 127.0.0.1
port = {self.port}
issuer = {ISSUER}
issuer_key_file = {pki('issuer.pub')}
''')

    # --- programs ---

    def _env(self, **more):
        return dict({'PATH': os.environ['PATH'], 'LANG': 'C.UTF-8',
                     'PRINTHOLD_CONFIG_DIR': self.etc,
                     'ASAN_OPTIONS': 'detect_leaks=0'}, **more)

    def _as_agent(self, *words):
        return self.world.as_user(self.world.agent_user,
                                  [self.world.program(words[0]), *words[1:]])

    def _run(self, command):
        return self.world.run(command, env=self._env())

    def cli(self, *words):
        """Exit code and what it said."""
        done = subprocess.run([self.world.program('printhold-cli'), *words],
                              text=True, capture_output=True, check=False,
                              env=self._env(), timeout=60)
        return done.returncode, done.stdout + done.stderr

    def status(self):
        code, said = self.cli('status', '--json')
        if code not in (0, 1):
            raise Failed(f'status: {said}')
        return bench.json.loads(said)

    def jobs(self):
        code, said = self.cli('jobs', '--all', '--json')
        if code != 0:
            raise Failed(f'jobs: {said}')
        return bench.json.loads(said)

    # --- the agent ---

    def said(self):
        with open(self.log, errors='replace') as log:
            return log.read()

    def start(self):
        """Until it is ready. Its n-th call can be struck by self.page."""
        offset = os.path.getsize(self.log) if os.path.exists(self.log) else 0
        env = self._env(**self.world.fault_env(self.page, 'printhold-agent'))
        with open(self.log, 'ab') as log:
            self.agent = subprocess.Popen(
                [self.world.program('printhold-agent')], env=env,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                **drop_to(self.world.agent_user))
        self.world.running.append(self.agent)
        self.agent.name = self.name

        def is_ready():
            with open(self.log, errors='replace') as log:
                log.seek(offset)
                text = log.read()
            if self.agent.poll() is not None:
                raise Failed(f'the agent ended at start: {text[-500:]}')
            return ' ready' in text
        bench.wait_for('the agent', 30, is_ready)

    def lives(self):
        return self.agent is not None and self.agent.poll() is None

    def kill(self):
        if self.lives():
            self.agent.kill()
        if self.agent is not None:
            self.agent.wait()
            self.world.running.remove(self.agent)
        self.agent = None

    def stop(self):
        self.agent.send_signal(signal.SIGTERM)
        code = self.agent.wait(30)
        self.world.running.remove(self.agent)
        self.agent = None
        if code != 0:
            raise Failed(f'the agent stopped with {code}: {self.said()[-600:]}')

    # --- printing ---

    def new_document(self, size=None, rng=random):
        document = Document(rng.randbytes(size or rng.randint(1, 200000)))
        self.documents.append(document)
        return document

    def begin_print(self, document, page=None):
        """Start the backend as cupsd does; give the process to end_print."""
        world = self.world
        document.attempts += 1
        if document.state == 'new':
            document.state = 'sent'
        self.cups_job += 1
        env = self._env(
            CUPS_SERVER=world.path('no-cups.sock'), CHARSET='utf-8',
            CONTENT_TYPE='application/octet-stream',
            FINAL_CONTENT_TYPE='application/octet-stream',
            DEVICE_URI='printhold:/', PRINTER='PrintHold',
            AUTH_UID=str(pwd.getpwnam(world.person).pw_uid),
            AUTH_USERNAME=world.person)
        if page is not None:
            env.update(world.fault_env(page, 'printhold', in_child=True))
        options = (f'job-uuid={document.uuid} '
                   f'time-at-processing={1000 + document.attempts} '
                   'job-originating-host-name=localhost')
        process = subprocess.Popen(
            [world.program('printhold'), str(self.cups_job), world.person, 't',
             '1', options], env=env, stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            **drop_to(world.capture_user))
        return process

    @staticmethod
    def end_print(document, process):
        """Exit code and what stands in the queue. 0: CUPS forgets the job."""
        try:
            said = process.communicate(document.content, timeout=60)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            raise Failed('the backend does not end; it said: ' +
                         process.communicate()[1].decode()) from None
        if process.returncode == 0:
            document.state = 'held'
        return process.returncode, said.decode(errors='replace')

    def print(self, document, page=None):
        return self.end_print(document, self.begin_print(document, page))

    def print_again(self, document):
        """As CUPS does when the backend did not take the job."""
        code, said = self.print(document)
        if code != 0:
            raise Failed(f'without any fault the backend exits {code}: {said}')

    # --- ends of jobs ---

    def find(self, document, states=('held', 'claimed')):
        rows = [row for row in self.facts()['rows']
                if row['uuid'] == document.uuid and row['state'] in states]
        return rows[0]['id'] if rows else None

    def delete(self, document, job):
        document.state = 'ending'
        code, said = self.cli('delete', job)
        if code == 0:
            document.state = 'gone'
        return code, said

    # --- what lies there ---

    def facts(self):
        return bench.json.loads(self._run(
            self._as_agent('ph-spool-facts', self.etc)))

    def check(self, when):
        """The invariants; incoming is empty when the agent has just started
        and nothing is being printed."""
        problems = list(self._problems(self.facts()))
        if problems:
            raise Failed(f'{when}: ' + '; '.join(problems[:5]) + '\n' +
                         self.said()[-int(os.environ.get("PH_FAULT_LOG", "1500")):])

    def _problems(self, facts):
        if facts['integrity'] != 'ok':
            yield f'the catalogue is damaged: {facts["integrity"]}'
        if facts['incoming'] != 0:
            yield f'{facts["incoming"]} files are left in incoming'
        files = {entry['id']: entry for entry in facts['files']}
        active = [row for row in facts['rows']
                  if row['state'] in ('held', 'claimed')]
        for lost in {row['id'] for row in active} - set(files):
            yield f'job {lost} has a row and no file'
        for lost in set(files) - {row['id'] for row in active}:
            yield f'file {lost} has no row'
        for row in facts['rows']:
            if row['state'] == 'failed':
                yield f'job {row["id"]} failed'
        known = {document.uuid: document for document in self.documents}
        copies = {}
        for row in active:
            document = known.get(row['uuid'])
            entry = files.get(row['id'], {'error': 'missing', 'sha256': ''})
            if document is None:
                yield f'job {row["id"]} was never printed'
                continue
            copies[row['uuid']] = copies.get(row['uuid'], 0) + 1
            if entry['error']:
                yield f'job {row["id"]} cannot be read: {entry["error"]}'
            elif entry['sha256'] != document.sha256:
                yield f'job {row["id"]} is another document'
        for document in self.documents:
            count = copies.get(document.uuid, 0)
            if count > 1:
                yield f'{document.uuid} is held {count} times'
            if document.state == 'held' and count == 0:
                yield f'{document.uuid} was taken and is lost'
            if document.state == 'gone' and count > 0:
                back = [(row['id'], row['state']) for row in active
                        if row['uuid'] == document.uuid]
                yield f'{document.uuid} ended and is back as {back}'


class Visit(bench.Session):
    """A person at the printer; requests that fail are an answer."""

    def __init__(self, workstation, grant=None):
        world = workstation.world
        context = bench.ssl.create_default_context(
            cafile=world.pki('ca.crt'))
        context.load_cert_chain(world.pki(PRINTER + '.crt'),
                                world.pki(PRINTER + '.key'))
        self.link = bench.http.client.HTTPSConnection(
            '127.0.0.1', workstation.port, context=context, timeout=60)
        self.token = None
        self.token = self.ask('POST', '/v1/sessions', {
            'grant': grant or world.grant()})['session']

    def attempt(self, method, path, body=None):
        """True when the workstation said yes."""
        try:
            self.ask(method, path, body)
            return True
        except (Failed, OSError, bench.http.client.HTTPException):
            return False

    def fetch(self, path):
        """The body, whatever it is."""
        self.link.request('GET', path, None,
                          {'Authorization': 'Bearer ' + self.token})
        answer = self.link.getresponse()
        return answer.status, answer.read()


def opens_session(workstation, grant):
    """False when the grant was used before; any other refusal is a failure."""
    try:
        Visit(workstation, grant).close()
        return True
    except Failed as failed:
        if 'grant-used' not in str(failed):
            raise
        return False


def spread(count, wanted):
    """Numbers from 1 to count, at most so many, evenly, with both ends."""
    if wanted == 1:
        return [(count + 1) // 2]
    if wanted is None or wanted >= count:
        return list(range(1, count + 1))
    return sorted({1 + round(i * (count - 1) / (wanted - 1))
                   for i in range(wanted)})

