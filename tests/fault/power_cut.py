"""The power goes at a random moment of capture, release, deletion, keep or the
agent's own end; the disk is what the journal makes of it; a new start, and the
invariants (SR-70, SR-45). Without a virtual machine: an ext4 in a file, and
power.py, after which nothing reaches the "disk" any more.

The long run ends with a control: with syncs that do nothing the same must lose
what was accepted, or this test proves nothing.
"""

import ctypes
import os
import subprocess
import threading
import time

import power
from world import (NO_SYNC, SYNC, Failed, Visit, Workstation, World,
                   opens_session, say)

IMAGE_BYTES = 96 << 20
LONGEST_S = 0.35  # from the start of the work to the cut


class Disk:
    """An ext4 of its own, mounted for the agent alone."""

    def __init__(self, world):
        self.image = world.path('disk.img')
        self.mount_point = world.path('disk')
        os.mkdir(self.mount_point, 0o755)
        with open(self.image, 'wb') as out:
            out.truncate(IMAGE_BYTES)
        self._run('mke2fs', '-q', '-t', 'ext4', '-F', self.image)
        self.mount()

    @staticmethod
    def _run(*command):
        done = subprocess.run(command, text=True, capture_output=True,
                              check=False)
        if done.returncode != 0:
            raise Failed(f'{command[0]}: {done.stderr.strip()}')

    def mount(self):
        self._run('mount', '-o', 'loop', self.image, self.mount_point)

    def cut(self):
        power.cut(self.mount_point)

    def umount(self):
        self._run('umount', self.mount_point)

    def close(self):
        subprocess.run(['umount', '-l', self.mount_point], check=False,
                       stderr=subprocess.DEVNULL)


class Cuts:
    def __init__(self, world, rng):
        self.world = world
        self.rng = rng
        self.disk = Disk(world)
        self.ws = Workstation(world, 'cut', home=self.disk.mount_point)
        self.grants = []  # that were used, and the workstation said yes
        self.lock = threading.Lock()
        self.is_dark = threading.Event()

    # --- what goes on when the power goes; each ends in whatever way ---

    def heard(self, document, before):
        """What is said after the power went reaches nobody: the kernel under
        this test still answers programs for a moment, and at times answers a
        sync with success that it did not make."""
        if self.is_dark.is_set():
            document.state = before

    def printing(self, document):
        try:
            self.ws.print(document)
        except (Failed, OSError):
            pass
        self.heard(document, 'sent')

    def releasing(self, document, job):
        grant = self.world.grant()
        try:
            visit = Visit(self.ws, grant)
        except Exception:  # refused or broken off
            return
        if not self.is_dark.is_set():
            with self.lock:
                self.grants.append((time.time(), grant))
        try:
            if visit.attempt('POST', f'/v1/jobs/{job}/claim'):
                visit.fetch(f'/v1/jobs/{job}/document')
                document.state = 'ending'
                if visit.attempt('POST', f'/v1/jobs/{job}/complete',
                                 {'result': 'printed'}):
                    document.state = 'gone'
                self.heard(document, 'ending')
        except Exception:  # broken off
            pass
        visit.close()

    def deleting(self, document, job):
        self.ws.delete(document, job)
        self.heard(document, 'ending')

    def keeping(self, job):
        self.ws.cli('keep', job)
        self.ws.cli('keep', '--off', job)

    def stopping(self):
        """The log is written back into the database and goes."""
        if self.ws.lives():
            self.ws.agent.terminate()

    def work(self, held):
        """One to four things at once."""
        rng, threads = self.rng, []
        for _ in range(rng.randint(1, 3)):
            size = rng.choice((rng.randint(1, 5000), rng.randint(1, 900000)))
            threads.append((self.printing, self.ws.new_document(size, rng)))
        rng.shuffle(held)
        for what in rng.sample((self.releasing, self.deleting), 1):
            if held:
                threads.append((what, *held.pop()))
        if held and rng.random() < 0.4:
            threads.append((self.keeping, held[0][1]))
        if rng.random() < 0.15:
            threads.append((self.stopping,))
        started = [threading.Thread(target=what, args=words)
                   for what, *words in threads]
        for thread in started:
            thread.start()
        return started

    def held(self):
        rows = {row['uuid']: row['id'] for row in self.ws.facts()['rows']
                if row['state'] in ('held', 'claimed')}
        return [(document, rows[document.uuid])
                for document in self.ws.documents
                if document.state == 'held' and document.uuid in rows]

    # --- one cut ---

    def once(self, number):
        ws = self.ws
        started = self.work(self.held())
        # Not waiting for an event: any moment is what is looked for.
        threading.Event().wait(self.rng.random() * LONGEST_S)
        self.is_dark.set()
        self.disk.cut()
        ws.kill()
        for thread in started:
            thread.join()
        self.disk.umount()
        self.disk.mount()
        self.is_dark.clear()
        ws.start()
        ws.check(f'cut {number}')
        self.check_grants(number)
        self.settle(number)

    def check_grants(self, number):
        """A grant that opened a session opens no other one."""
        for when, grant in self.grants:
            if time.time() - when > 60:
                continue
            if opens_session(self.ws, grant):
                raise Failed(f'cut {number}: a grant is used twice')
        self.grants = self.grants[-2:]

    def settle(self, number):
        """CUPS sends again what it was not told is done; what ended in doubt
        is deleted. Some jobs stay for the next cut."""
        ws = self.ws
        for document in ws.documents:
            if document.state == 'sent':
                ws.print_again(document)
            if document.state == 'ending':
                job = ws.find(document)
                document.state = 'gone' if job is None else 'held'
                if job is not None:
                    ws.delete(document, job)  # not while the lease lasts
        ws.check(f'cut {number}, after CUPS tried again')
        held = self.held()
        for document, job in held[:-4]:
            ws.delete(document, job)
        # A job that is kept comes back from its release, as it should.
        for _, job in held[-4:]:
            ws.cli('keep', '--off', job)
        # One that a printer has claimed cannot be deleted: it is still there.
        ws.documents = [d for d in ws.documents if d.state != 'gone' or
                        self.rng.random() < 0.5]

    def run(self, count):
        self.ws.start()
        for number in range(1, count + 1):
            self.once(number)
        self.ws.stop()
        self.ws.start()
        self.ws.check('at the end')
        self.ws.kill()

    def close(self):
        self.ws.kill()
        self.disk.close()


def loses_without_syncs(world, rng, most=20):
    cuts = Cuts(world, rng)
    try:
        cuts.ws.start()
        cuts.once(0)  # the keys and one day's life are on the disk
        os.sync()
        cuts.ws.page.arm(SYNC, NO_SYNC)
        for number in range(1, most + 1):
            cuts.once(number)
    except Failed as failed:
        say(f'control, syncs that do nothing: {str(failed).splitlines()[0]}')
        return True
    finally:
        cuts.close()
    return False


def private_mounts():
    """What is mounted from now on goes with this process."""
    libc = ctypes.CDLL(None, use_errno=True)
    clone_new_ns, ms_private_rec = 0x00020000, 0x44000
    if libc.unshare(clone_new_ns) != 0 or \
            libc.mount(None, b'/', None, ms_private_rec, None) != 0:
        raise Failed('no mount namespace of our own')


def run(build, is_long, rng):
    private_mounts()
    count = 200 if is_long else 15
    with World(build) as world:
        cuts = Cuts(world, rng)
        try:
            cuts.run(count)
        finally:
            cuts.close()
        say(f'{count} cuts')
    if is_long:
        with World(build) as world:
            if not loses_without_syncs(world, rng):
                raise Failed('without any sync nothing is lost: this test '
                             'proves nothing here')

