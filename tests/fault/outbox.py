"""SIGKILL before every call that leaves something behind while the agent tells
the broker of a job: the commit, the document, the event, the acknowledgements.
After a new start the cloud is told of every job, of each by one event, and the
document at the broker names what is held."""

import json
import os
import socket
import subprocess
import time

from world import (COUNT, KILL, LASTING, Failed, Workstation, World, bench, say,
                   spread)

EVENTS = f'ph1/{bench.TENANT}/ev/+'
DOCUMENTS = f'ph1/{bench.TENANT}/u/+/+'
SETTLED_S = 0.3  # nothing was called for so long: it has done what it does


class Outbox:
    def __init__(self, world, is_long, rng):
        self.world = world
        self.is_long = is_long
        self.rng = rng
        self.tls_port, port = bench.free_port(), bench.free_port()
        pki = world.pki
        world.start('broker', [
            os.path.join(bench.TOP, 'cloud/mosquitto/start'), '--dir',
            world.path('broker'), '--ca', pki('ca.crt'), '--cert',
            pki('broker.crt'), '--key', pki('broker.key'), '--wss-port',
            str(port), '--tls-port', str(self.tls_port), '--reader', 'reader',
            '--reader', bench.PRINTER])
        self.log = world.path('events.log')
        bench.wait_for('the subscriber', 20, self.subscribe)
        self.ws = Workstation(world, 'outbox', settings=f'''[cloud]
url = wss://localhost:{port}/mqtt
directory_key_file = {pki('directory.key')}''')
        self.ws.start()

    def client(self, name, *words):
        pki = self.world.pki
        return ['mosquitto_sub', '-V', '5', '-q', '1', '-h', 'localhost', '-p',
                str(self.tls_port), '--cafile', pki('ca.crt'), '--cert',
                pki(name + '.crt'), '--key', pki(name + '.key'), '-F', '%p',
                *words]

    def subscribe(self):
        """Once the broker listens; True when it knows the subscriber."""
        try:
            socket.create_connection(('localhost', self.tls_port), 1).close()
        except OSError:
            return False
        self.world.start('events', self.client('reader', '-t', EVENTS))
        bench.wait_for('its connection', 20, self.knows_reader)
        return True

    def knows_reader(self):
        with open(self.world.path('broker.log'), encoding='utf-8') as log:
            return ' as reader ' in log.read()

    def told(self, document):
        """Ids of the events that the job is held."""
        ids = set()
        with open(self.log, encoding='utf-8', errors='replace') as log:
            for line in log:
                if document.uuid in line and line.endswith('}\n'):
                    event = json.loads(line)
                    if event['type'].endswith('.held.v1'):
                        ids.add(event['id'])
        return ids

    def settle(self):
        """Until the agent is dead, or has made no call for a while."""
        last, since = -1, time.monotonic()
        while self.ws.lives() and time.monotonic() - since < SETTLED_S:
            count = self.ws.page.count()
            if count != last:
                last, since = count, time.monotonic()
            time.sleep(0.02)

    def tell(self, document):
        code, _ = self.ws.print(document)
        self.settle()
        return code

    def retained(self):
        """Uuids of the jobs that the broker's documents name."""
        done = subprocess.run(
            self.client(bench.PRINTER, '-t', DOCUMENTS, '--retained-only',
                        '-W', '1'), text=True, capture_output=True, check=False)
        return {job['job-uuid'] for line in done.stdout.splitlines()
                for job in json.loads(line)['jobs']}

    def check(self, document, n):
        bench.wait_for(f'the event, killed at call {n}', 30,
                       lambda: self.told(document))
        if len(self.told(document)) != 1:
            raise Failed(f'call {n}: told by two events')
        held = {row['uuid'] for row in self.ws.facts()['rows']
                if row['state'] == 'held'}
        bench.wait_for(f'the document, killed at call {n}', 30,
                       lambda: self.retained() == held)

    def run(self):
        ws = self.ws
        probe = ws.new_document(5000, self.rng)
        self.tell(probe)  # warm
        probe = ws.new_document(5000, self.rng)
        ws.page.arm(LASTING, COUNT)
        self.tell(probe)
        ws.page.disarm()
        count = ws.page.count()
        points = spread(count, None if self.is_long else 12)
        killed = 0
        for n in points:
            document = ws.new_document(5000, self.rng)
            ws.page.arm(LASTING, KILL, first=n)
            code = self.tell(document)
            ws.page.disarm()
            if ws.page.struck():
                killed += 1
                ws.kill()
                ws.start()
            if code != 0:
                ws.print_again(document)
            self.check(document, n)
            ws.delete(document, ws.find(document))
        ws.check('in the end')
        if killed == 0:
            raise Failed('nothing was killed')
        say(f'outbox: killed at {killed} of {count} calls')


def run(build, is_long, rng):
    with World(build) as world:
        Outbox(world, is_long, rng).run()
