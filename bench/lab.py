"""A private world to measure in: one fresh directory, loopback, real parts.

The agent runs as an unprivileged account and the backend as another one, as on
a real workstation, when the bench is run by root; else both as who runs it.
"""

import http.client
import json
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import uuid

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TENANT = 'bench'
WORKSTATION = 'ws-bench'
PRINTER = 'pr-bench'
DOMAIN = 'example.com'
ISSUER = 'https://hub.example.com'
TEMPORARY = ('tmpfs', 'ramfs')


class Failed(Exception):
    """Something that is measured does not work."""


def _file_system(path):
    found = subprocess.run(['stat', '-f', '-c', '%T', path], text=True,
                           capture_output=True, check=True)
    return found.stdout.strip()


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def wait_for(what, seconds, is_there):
    """Until is_there() is true; its value."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = is_there()
        if found:
            return found
        time.sleep(0.02)
    raise Failed(f'waited {seconds} s for {what}')


class Lab:
    """Use as a context: ends what it started and removes its directory."""

    PROGRAMS = {
        'printhold': 'backend/printhold-backend',
        'printhold-pagecount': 'backend/printhold-pagecount',
        'printhold-agent': 'agent/printhold-agent',
        'printhold-cli': 'cli/printhold',
        'ph-test-grant': 'tests/support/ph-test-grant',
        'ph-bench-time': 'bench/ph-bench-time',
        'ph-bench-disk': 'bench/ph-bench-disk',
        'ph-bench-pull': 'bench/ph-bench-pull',
        'ph-bench-crowd': 'bench/ph-bench-crowd',
        'ph-bench-fill': 'bench/ph-bench-fill',
        'ph-bench-list': 'bench/ph-bench-list',
        'printhold-hub': 'cloud/hub/printhold-hub',
        'printhold-station': 'station/printhold-station',
        'ph-bench-hub-fill': 'bench/ph-bench-hub-fill',
        'ph-bench-hub-grants': 'bench/ph-bench-hub-grants',
    }

    def __init__(self, build, parent, keep):
        self.keep = keep
        self.dir = tempfile.mkdtemp(prefix='printhold-bench.', dir=parent)
        os.chmod(self.dir, 0o755)
        self.file_system = _file_system(self.dir)
        self.running = []
        self.cups_job = 0
        me = pwd.getpwuid(os.getuid()).pw_name
        if os.getuid() == 0:
            self.agent_user, self.capture_user = 'nobody', 'lp'
            self.person = pwd.getpwuid(1).pw_name
        else:
            self.agent_user = self.capture_user = self.person = me
        self.bin = self.path('bin')
        os.mkdir(self.bin, 0o755)
        for name, source in self.PROGRAMS.items():
            shutil.copy(os.path.join(build, source), self.program(name))
            os.chmod(self.program(name), 0o755)
        self._make_pki()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        for process in reversed(self.running):
            self.stop(process)
        if not self.keep:
            shutil.rmtree(self.dir)

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def program(self, name):
        return os.path.join(self.bin, name)

    def make_dir(self, name, user):
        path = self.path(name)
        os.makedirs(path, 0o700)
        if os.getuid() == 0:
            entry = pwd.getpwnam(user)
            os.chown(path, entry.pw_uid, entry.pw_gid)
        return path

    def is_durable(self):
        return self.file_system not in TEMPORARY

    # --- programs ---

    def as_user(self, user, command):
        if os.getuid() != 0 or user == 'root':
            return command
        entry = pwd.getpwnam(user)
        return ['setpriv', '--reuid', str(entry.pw_uid), '--regid',
                str(entry.pw_gid), '--clear-groups', '--inh-caps=-all', '--',
                *command]

    def run(self, command, **more):
        done = subprocess.run(command, text=True, capture_output=True,
                              check=False, **more)
        if done.returncode != 0:
            raise Failed(f'{os.path.basename(command[0])} exits with '
                         f'{done.returncode}: {done.stderr.strip()[-400:]}')
        return done.stdout

    def start(self, name, command, env=None):
        log = open(self.path(name + '.log'), 'ab')
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=log, env=env)
        log.close()
        process.name = name
        self.running.append(process)
        return process

    def stop(self, process):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process in self.running:
            self.running.remove(process)

    def must_live(self, process):
        if process.poll() is None:
            return
        with open(self.path(process.name + '.log'), errors='replace') as log:
            words = log.read()[-600:]
        raise Failed(f'{process.name} ended: {words}')

    def time(self, options, command, env=None, user=None):
        """Seconds from the start of the command until its end."""
        said = self.run(self.as_user(user or self.capture_user,
                                     [self.program('ph-bench-time'), *options,
                                      '--', *command]), env=env)
        result = json.loads(said)
        if result['status'] != 0:
            raise Failed(f'{os.path.basename(command[0])} exits with '
                         f'{result["status"]}')
        return result['wall_ns'] / 1e9

    # --- certificates ---

    def _pki(self, *words):
        self.run([os.path.join(TOP, 'tests/support/pki'), *words])

    def pki(self, name):
        return self.path('pki', name)

    def make_printer(self, printer):
        self._pki('printer', self.path('pki'), printer)

    def _make_pki(self):
        pki = self.path('pki')
        self._pki('init', pki, '--tenant', TENANT)
        self._pki('workstation', pki, WORKSTATION, '--dns', 'localhost',
                  '--ip', '127.0.0.1')
        self._pki('printer', pki, PRINTER)
        self._pki('service', pki, 'broker', '--dns', 'localhost',
                  '--ip', '127.0.0.1')
        self._pki('service', pki, 'reader')
        self._pki('issuer', pki)
        self._pki('directory-key', pki)
        os.chmod(pki, 0o755)
        entry = pwd.getpwnam(self.agent_user)
        for name in (WORKSTATION + '.key', 'directory.key'):
            if os.getuid() == 0:
                os.chown(self.pki(name), entry.pw_uid, entry.pw_gid)

    def grant(self, *more, printer=PRINTER):
        return self.run([self.program('ph-test-grant'), '--key',
                         self.pki('issuer.key'), '--iss', ISSUER, '--aud',
                         WORKSTATION, '--sub', f'{self.person}@{DOMAIN}',
                         '--printer-cert', self.pki(printer + '.crt'),
                         *more]).strip()


class Agent:
    """A real agent; with release service and cloud link when asked for.
    settings are further lines of [release]."""

    def __init__(self, lab, name, release=False, broker_port=None,
                 settings=''):
        self.lab = lab
        self.name = name
        self.etc = lab.path(name, 'etc')
        lab.make_dir(name, lab.agent_user)
        os.chmod(lab.path(name), 0o755)
        os.mkdir(self.etc, 0o755)
        for part in ('state', 'spool', 'run'):
            path = lab.make_dir(os.path.join(name, part), lab.agent_user)
        os.chmod(path, 0o755)
        self.port = free_port() if release else None
        self._write_configuration(broker_port, settings)
        self.env = {'PATH': os.environ['PATH'],
                    'PRINTHOLD_CONFIG_DIR': self.etc}
        lab.run(self._command('key', 'init'), env=self.env)
        self.process = None
        self.start()

    def _command(self, *words):
        return self.lab.as_user(self.lab.agent_user,
                                [self.lab.program('printhold-agent'), *words])

    def _write_configuration(self, broker_port, settings):
        lab, here = self.lab, self.lab.path(self.name)
        lines = f'''[agent]
state_dir = {here}/state
spool_dir = {here}/spool
capture_socket = {here}/run/capture.sock
control_socket = {here}/run/control.sock
agent_user = {lab.agent_user}
capture_user = {lab.capture_user}
[owner]
domain = {DOMAIN}
[keys]
file = {here}/state/machine.key
[identity]
ca_file = {lab.pki('ca.crt')}
cert_file = {lab.pki(WORKSTATION + '.crt')}
key_file = {lab.pki(WORKSTATION + '.key')}
[backend]
pagecount_program = {lab.program('printhold-pagecount')}
'''
        if self.port is not None:
            lines += f'''[release]
address = 127.0.0.1
port = {self.port}
issuer = {ISSUER}
issuer_key_file = {lab.pki('issuer.pub')}
{settings}
'''
        if broker_port is not None:
            lines += f'''[cloud]
url = wss://localhost:{broker_port}/mqtt
directory_key_file = {lab.pki('directory.key')}
'''
        with open(os.path.join(self.etc, 'printhold.conf'), 'w') as out:
            out.write(lines)

    def launch(self):
        self.process = self.lab.start(self.name + '-agent', self._command(),
                                      env=self.env)

    def start(self):
        self.launch()
        wait_for('the agent', 20, self.status)

    def stop(self):
        self.lab.stop(self.process)

    def _cli(self, *words):
        return self.lab.run([self.lab.program('printhold-cli'), *words],
                            env=self.env)

    def status(self):
        """What the agent says of itself; None while it does not answer."""
        self.lab.must_live(self.process)
        try:
            return json.loads(self._cli('status', '--json'))
        except Failed:
            return None

    def jobs(self):
        return json.loads(self._cli('jobs', '--all', '--json'))

    def forget_jobs(self):
        """Delete what is held, once the agent has done with it."""
        wait_for('the digests', 60, lambda: all(
            'sha256' in job for job in self.jobs() if job['state'] == 'held'))
        held = [job['id'] for job in self.jobs() if job['state'] == 'held']
        if held:
            self._cli('delete', *held)

    # --- printing ---

    def print(self, document, document_format, how):
        """The backend as cupsd starts it; seconds from exec to exit."""
        lab = self.lab
        lab.cups_job += 1
        env = {
            'PATH': os.environ['PATH'], 'LANG': 'C.UTF-8',
            'CHARSET': 'utf-8', 'USER': 'root', 'SOFTWARE': 'CUPS/2.4.2',
            'CUPS_SERVER': lab.path('no-cups.sock'),
            'CONTENT_TYPE': document_format,
            'FINAL_CONTENT_TYPE': document_format,
            'DEVICE_URI': 'printhold:/', 'PRINTER': 'PrintHold',
            'PPD': os.path.join(TOP, 'installer/printhold.ppd.in'),
            'AUTH_UID': str(pwd.getpwnam(lab.person).pw_uid),
            'AUTH_USERNAME': lab.person,
            'PRINTHOLD_CONFIG_DIR': self.etc,
        }
        options = (f'job-uuid=urn:uuid:{uuid.uuid4()} '
                   'job-originating-host-name=localhost copies=2 '
                   'sides=two-sided-long-edge Duplex=DuplexNoTumble '
                   'media=iso_a4_210x297mm PageSize=A4')
        return lab.time([*how, document],
                        [lab.program('printhold'), str(lab.cups_job),
                         lab.person, 'A document of the bench', '2', options],
                        env=env)


class Session:
    """A printer's session with the release service."""

    def __init__(self, agent, printer=PRINTER):
        self.agent = agent
        lab = agent.lab
        context = ssl.create_default_context(cafile=lab.pki('ca.crt'))
        context.load_cert_chain(lab.pki(printer + '.crt'),
                                lab.pki(printer + '.key'))
        self.link = http.client.HTTPSConnection(
            '127.0.0.1', agent.port, context=context, timeout=60)
        self.token = None
        self.token = self.ask('POST', '/v1/sessions',
                              {'grant': lab.grant(printer=printer)})[
                                  'session']

    def close(self):
        self.link.close()

    def ask(self, method, path, body=None):
        headers = {}
        if self.token is not None:
            headers['Authorization'] = 'Bearer ' + self.token
        text = None
        if body is not None:
            text = json.dumps(body)
            headers['Content-Type'] = 'application/json'
        self.link.request(method, path, text, headers)
        answer = self.link.getresponse()
        said = answer.read()
        if answer.status // 100 != 2:
            raise Failed(f'{method} {path}: {answer.status} {said[:200]}')
        return json.loads(said) if said else None
