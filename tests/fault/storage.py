"""No inode, no space for the catalogue, read-only, I/O errors of a whole disk:
a job is refused with the reason in its queue, what was accepted stays, and the
agent goes on when the storage does (SR-71, SR-72). A spool without space is
tests/integration/full_disk.sh, with cupsd.
"""

import os
import subprocess

from power_cut import Disk, private_mounts
from world import Failed, Workstation, World, bench, say


class Folder:
    """A tmpfs for one of the agent's folders."""

    def __init__(self, path, options):
        self.path = path
        os.makedirs(path, exist_ok=True)
        self._mount('-t', 'tmpfs', '-o', options, 'tmpfs', path)

    @staticmethod
    def _mount(*words):
        done = subprocess.run(['mount', *words], text=True, check=False,
                              capture_output=True)
        if done.returncode != 0:
            raise Failed(f'mount: {done.stderr.strip()}')

    def make(self, how):
        self._mount('-o', f'remount,{how}', self.path)

    def fill_inodes(self):
        """The names of what has to go again."""
        made = []
        try:
            for n in range(10000):
                name = os.path.join(self.path, f'filler{n}')
                with open(name, 'wb'):
                    made.append(name)
        except OSError:
            pass
        return made

    def fill_bytes(self):
        name = os.path.join(self.path, 'filler')
        try:
            with open(name, 'wb', buffering=0) as out:
                while True:
                    out.write(bytes(4096))
        except OSError:
            pass
        return [name]


def remove(names):
    for name in names:
        os.unlink(name)


class Storage:
    def __init__(self, world, rng):
        home = world.path('store')
        self.rng = rng
        self.spool = Folder(os.path.join(home, 'spool'),
                            'size=16m,nr_inodes=64,mode=700')
        self.state = Folder(os.path.join(home, 'state'), 'size=4m,mode=700')
        self.ws = Workstation(world, 'storage', home=home)
        self.ws.start()
        self.kept = self.document()
        self.ws.print_again(self.kept)

    def document(self):
        return self.ws.new_document(self.rng.randint(70000, 300000), self.rng)

    def refused(self, what, codes, words):
        """A job that is refused now; it is CUPS's."""
        document = self.document()
        code, said = self.ws.print(document)
        if code not in codes:
            raise Failed(f'{what}: the backend exits {code}, not {codes}: '
                         f'{said}')
        if words not in said:
            raise Failed(f'{what}: the queue says {said!r}, not {words!r}')
        status = self.ws.status()
        if status['health'] != 'error' or not status.get('spool-text'):
            raise Failed(f'{what}: status says {status}')
        if status['held'] != 1:
            raise Failed(f'{what}: {status["held"]} jobs are listed')
        return document

    def healed(self, what, document):
        """It is taken now, and status is content."""
        self.ws.print_again(document)
        if self.ws.status().get('spool-text'):
            raise Failed(f'{what}: status still complains')
        code, said = self.ws.delete(document, self.ws.find(document))
        if code != 0:
            raise Failed(f'{what}: {said}')
        self.ws.check(what)
        say(what)

    def run(self):
        filler = self.spool.fill_inodes()
        document = self.refused('no inode', (3,), 'No space')
        remove(filler)
        self.healed('no inode', document)

        filler = self.state.fill_bytes()
        document = self.refused('no space for the catalogue', (3,), 'No space')
        remove(filler)
        self.healed('no space for the catalogue', document)

        self.spool.make('ro')
        document = self.refused('spool read-only', (3,), 'cannot be written')
        self.spool.make('rw')
        self.healed('spool read-only', document)
        self.ws.stop()

    def close(self):
        self.ws.kill()
        for folder in (self.spool, self.state):
            subprocess.run(['umount', '-l', folder.path], check=False)


def unhealthy(ws, what, code, said):
    """The job stays with CUPS, people hear why, the agent lives."""
    if code not in (3, 6) or ('ERROR:' not in said and
                              'cannot be written' not in said):
        raise Failed(f'{what}: the backend exits {code}: {said}')
    if not ws.lives():
        raise Failed(f'{what}: the agent died: {ws.said()[-1500:]}')
    bench.wait_for(f'{what}: status to say so', 10, lambda:
                   ws.status()['health'] == 'error')


def dead_disk(world, rng):
    """Every call fails with EIO from one moment on; then it is back."""
    disk = Disk(world)
    ws = Workstation(world, 'dead', home=disk.mount_point)
    try:
        ws.start()
        kept = ws.new_document(100000, rng)
        ws.print_again(kept)
        half = ws.new_document(3000000, rng)
        process = ws.begin_print(half)
        process.stdin.write(half.content[:2000000])
        process.stdin.flush()
        disk.cut()
        half.content = half.content[2000000:]
        unhealthy(ws, 'dead in a capture', *ws.end_print(half, process))
        ws.documents.remove(half)
        document = ws.new_document(100000, rng)
        unhealthy(ws, 'dead disk', *ws.print(document))
        ws.kill()
        disk.umount()
        disk.mount()
        ws.start()
        ws.print_again(document)
        ws.check('dead disk')
        say('every call an I/O error')
    finally:
        ws.kill()
        disk.close()


def run(build, is_long, rng):
    del is_long
    private_mounts()
    with World(build) as world:
        storage = Storage(world, rng)
        try:
            storage.run()
        finally:
            storage.close()
        dead_disk(world, rng)
