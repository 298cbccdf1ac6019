"""Every n-th call fails, in the backend and in the agent: CUPS hears a clear
outcome, nothing that was accepted is lost, nothing is there twice, and the
agent goes on (SR-07, SR-71, SR-72).
"""

import errno

from world import (BACKEND_SAYS_WHY, CLOSE, COUNT, ERROR, MALLOC, OPEN, READ,
                   RENAME, SEND, SHORT, SQLITE, SYNC, TRUNCATE, UNLINK, WRITE,
                   Failed, Visit, Workstation, World, say, spread)

SQLITE_NOMEM, SQLITE_IOERR, SQLITE_FULL = 7, 10, 13

# What fails, with what, and how many n of it the short run takes.
OF_AGENT = (
    ('write: no space', WRITE, ERROR, errno.ENOSPC, 4),
    ('write: I/O error', WRITE, ERROR, errno.EIO, 2),
    ('write: interrupted', WRITE, ERROR, errno.EINTR, 1),
    ('write: short', WRITE, SHORT, 0, 2),
    ('sync: I/O error', SYNC, ERROR, errno.EIO, 4),
    ('rename: I/O error', RENAME, ERROR, errno.EIO, 1),
    ('rename: access', RENAME, ERROR, errno.EACCES, 1),
    ('open: too many', OPEN, ERROR, errno.EMFILE, 2),
    ('open: no inode', OPEN, ERROR, errno.ENOSPC, 1),
    ('close: I/O error', CLOSE, ERROR, errno.EIO, 1),
    ('read: I/O error', READ, ERROR, errno.EIO, 3),
    ('truncate: I/O error', TRUNCATE, ERROR, errno.EIO, 1),
    ('send: broken', SEND, ERROR, errno.EPIPE, 1),
    ('SQLite: I/O error', SQLITE, ERROR, SQLITE_IOERR, 5),
    ('SQLite: full', SQLITE, ERROR, SQLITE_FULL, 3),
    ('SQLite: no memory', SQLITE, ERROR, SQLITE_NOMEM, 2),
    ('no memory', MALLOC, ERROR, errno.ENOMEM, 6),
)
OF_BACKEND = (
    ('write: no space', WRITE, ERROR, errno.ENOSPC, 3),
    ('write: I/O error', WRITE, ERROR, errno.EIO, 2),
    ('write: interrupted', WRITE, ERROR, errno.EINTR, 2),
    ('write: short', WRITE, SHORT, 0, 2),
    ('sync: I/O error', SYNC, ERROR, errno.EIO, 1),
    ('open: too many', OPEN, ERROR, errno.EMFILE, 2),
    ('read: I/O error', READ, ERROR, errno.EIO, 2),
    ('no memory', MALLOC, ERROR, errno.ENOMEM, 6),
)
HEALED = ('write: interrupted', 'write: short')
# A program allocates some thousands of times; the long run takes so many n,
# and every n of all the others.
ALLOCATIONS_MOST = 400


class Failures:
    def __init__(self, world, is_long, rng):
        self.ws = Workstation(world, 'fail')
        self.world = world
        self.is_long = is_long
        self.rng = rng
        self.page = world.page()
        self.what = 'start'
        self.ws.start()

    def document(self):
        return self.ws.new_document(self.rng.randint(70000, 300000), self.rng)

    def cases(self, table, page, during):
        """Each n of each kind, and what arms the page for it."""
        for name, kinds, action, error, wanted in table:
            if kinds == MALLOC and self.world.is_sanitized:
                continue  # the sanitizer's own malloc does not fail
            page.arm(kinds, COUNT)
            during()
            page.disarm()
            count = page.count()
            if count == 0:
                continue
            if self.is_long:
                wanted = ALLOCATIONS_MOST if kinds == MALLOC else None
                say(f'{during.__qualname__.split(".")[1]}: {name}, '
                    f'{min(count, wanted or count)} of {count} calls')
            for n in spread(count, wanted):
                self.what = f'{name}, call {n} of {count}'
                yield name, n, (kinds, action, error, n)

    def must_live(self, what):
        if not self.ws.lives():
            raise Failed(f'{what}: the agent died: {self.ws.said()[-2000:]}')

    def forget(self, document):
        job = self.ws.find(document)
        code, said = self.ws.delete(document, job)
        if code != 0:
            raise Failed(f'delete: {said}')

    def capture(self, what, document, code, said, is_healed):
        """What CUPS heard, and what is there after it tried again."""
        ws = self.ws
        self.must_live(what)
        if code != 0 and code not in BACKEND_SAYS_WHY:
            raise Failed(f'{what}: the backend exits {code}: {said}')
        if code == 5:
            raise Failed(f'{what}: a whole job is cancelled: {said}')
        if code != 0 and not any(word in said for word in
                                 ('ERROR:', 'WARNING:', 'INFO:')):
            raise Failed(f'{what}: the queue says nothing: {said}')
        if code != 0 and is_healed:
            raise Failed(f'{what}: not healed: {code} {said}')
        if code != 0:
            ws.print_again(document)
        ws.check(what)
        self.forget(document)

    def agent_capture(self):
        ws = self.ws
        points, refused = 0, 0

        def print_one():
            document = self.document()
            ws.print(document)
            self.forget(document)

        for name, n, order in self.cases(OF_AGENT, ws.page, print_one):
            document = self.document()
            ws.page.arm(*order)
            code, said = ws.print(document)
            ws.page.disarm()
            what = f'agent, capture, {name}, call {n}'
            if name.startswith('sync') and code in (3, 6):
                self.unhealthy(what)
                ws.kill()  # what was not synced may be there all the same
                ws.start()
                ws.check(f'{what}, after a restart')
            self.capture(what, document, code, said, name in HEALED)
            points += 1
            refused += code != 0
        say(f'agent, capture: {points} failures, {refused} refused')

    def unhealthy(self, what):
        """SR-71: status tells until a job was stored again."""
        status = self.ws.status()
        if 'spool-text' not in status or status['health'] != 'error':
            raise Failed(f'{what}: status says {status}')

    def backend(self):
        ws = self.ws
        points, refused = 0, 0

        def print_one():
            document = self.document()
            ws.print(document, self.page)
            self.forget(document)

        for name, n, order in self.cases(OF_BACKEND, self.page, print_one):
            document = self.document()
            self.page.arm(*order)
            code, said = ws.print(document, self.page)
            self.page.disarm()
            what = f'backend, {name}, call {n}'
            if name.startswith('sync') and code == 0:
                raise Failed(f'{what}: exits 0')
            self.capture(what, document, code, said, name in HEALED)
            points += 1
            refused += code != 0
        say(f'backend: {points} failures, {refused} refused')

    def release(self, document, job):
        """True when the printer heard that it is done."""
        try:
            visit = Visit(self.ws)
        except (Failed, OSError):
            return False
        try:
            if not visit.attempt('POST', f'/v1/jobs/{job}/claim'):
                return False
            status, body = visit.fetch(f'/v1/jobs/{job}/document')
            if status != 200:
                return False
            if body != document.content:
                raise Failed('the printer got another document')
            document.state = 'ending'
            if visit.attempt('POST', f'/v1/jobs/{job}/complete',
                             {'result': 'printed'}):
                document.state = 'gone'
                return True
        except (OSError, EOFError, ValueError):
            pass
        except Failed:
            raise
        except Exception:  # a connection that ended
            pass
        finally:
            visit.close()
        return False

    def agent_release(self):
        ws = self.ws
        points, failed = 0, 0

        def release_one():
            document = self.document()
            ws.print_again(document)
            self.release(document, ws.find(document))
            if document.state != 'gone':
                raise Failed('a release without any fault fails')

        kinds = tuple(row for row in OF_AGENT if row[1] in
                      (WRITE, SYNC, UNLINK, READ, SQLITE, OPEN, MALLOC)
                      and row[0] not in HEALED)
        table = tuple((*row[:4], max(2, row[4] // 2)) for row in kinds)
        for name, n, order in self.cases(table, ws.page, release_one):
            what = f'agent, release, {name}, call {n}'
            document = self.document()
            ws.print_again(document)
            job = ws.find(document)
            ws.page.arm(*order)
            done = self.release(document, job)
            ws.page.disarm()
            self.must_live(what)
            failed += not done
            self.end(what, document, job)
            points += 1
        say(f'agent, release: {points} failures, {failed} not done at once')

    def end(self, what, document, job):
        """The printer comes again with what it has to say."""
        ws = self.ws
        if document.state == 'ending':
            visit = Visit(ws)
            if not visit.attempt('POST', f'/v1/jobs/{job}/complete',
                                 {'result': 'printed'}):
                raise Failed(f'{what}: the report is refused the second time')
            visit.close()
            document.state = 'gone'
        if document.state == 'held' and not self.release(document, job):
            raise Failed(f'{what}: cannot be released afterwards')
        # A file whose unlink failed goes at the next start.
        if any(entry['id'] == job for entry in ws.facts()['files']):
            ws.kill()
            ws.start()
        ws.check(what)

    def agent_delete(self):
        ws = self.ws
        points = 0
        kinds = tuple(row for row in OF_AGENT + (
            ('unlink: I/O error', UNLINK, ERROR, errno.EIO, 1),) if row[1] in
                      (WRITE, SYNC, UNLINK, SQLITE) and row[0] not in HEALED)
        table = tuple((*row[:4], max(1, row[4] // 2)) for row in kinds)

        def delete_one():
            document = self.document()
            ws.print_again(document)
            self.forget(document)

        for name, n, order in self.cases(table, ws.page, delete_one):
            what = f'agent, delete, {name}, call {n}'
            document = self.document()
            ws.print_again(document)
            job = ws.find(document)
            ws.page.arm(*order)
            code, said = ws.delete(document, job)
            ws.page.disarm()
            self.must_live(what)
            if code != 0 and not said.strip():
                raise Failed(f'{what}: the person is told nothing')
            if code != 0 and ws.find(document):
                self.forget(document)
            document.state = 'gone'
            self.end(what, document, job)
            points += 1
        say(f'agent, delete: {points} failures')


def run(build, is_long, rng):
    with World(build) as world:
        failures = Failures(world, is_long, rng)
        for part in (failures.backend, failures.agent_capture,
                     failures.agent_release, failures.agent_delete):
            try:
                part()
            except Failed as failed:
                raise Failed(f'{part.__name__}, {failures.what}: '
                             f'{failed}') from None
        failures.ws.stop()
        failures.ws.start()
        failures.ws.check('at the end')
