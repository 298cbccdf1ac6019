"""SIGKILL before every call that leaves something behind, in the backend's
worker and in the agent, during capture, release, delete and keep; then a new
start, and the invariants (SR-70, SR-73, SR-74); and grants, which open one
session whatever happens (SR-45).

Between two such calls a process changes nothing that outlives it, so these are
all the states in which it can die.
"""

import http.client

from world import (COUNT, KILL, LASTING, Failed, Visit, Workstation, World,
                   opens_session, say, spread)


class Kills:
    def __init__(self, world, is_long, rng):
        self.ws = Workstation(world, 'kill')
        self.world = world
        self.is_long = is_long
        self.rng = rng
        self.page = world.page()  # of the backend
        self.ws.start()

    def few(self, count, wanted):
        return spread(count, None if self.is_long else wanted)

    def document(self):
        """More than one batch, so that something is verified alongside."""
        return self.ws.new_document(self.rng.randint(70000, 400000), self.rng)

    def held(self):
        document = self.document()
        self.ws.print_again(document)
        return document, self.ws.find(document)

    def forget(self, document):
        job = self.ws.find(document)
        code, said = self.ws.delete(document, job)
        if code != 0:
            raise Failed(f'delete: {said}')

    def restart(self):
        """After a kill, or now by one."""
        self.ws.page.disarm()
        self.ws.kill()
        self.ws.start()

    def struck(self, n, during):
        """Arm the agent to die before its n-th call."""
        self.ws.page.arm(LASTING, KILL, first=n)
        during()
        self.ws.page.disarm()
        struck = self.ws.page.struck() > 0
        if struck and self.ws.agent.wait(10) != -9:
            raise Failed(f'the agent was to be killed at call {n} and was not')
        return struck

    def calls(self, page, during):
        page.arm(LASTING, COUNT)
        during()
        page.disarm()
        return page.count()

    # --- the backend's worker ---

    def backend(self):
        ws, page = self.ws, self.page
        probe = self.document()
        count = self.calls(page, lambda: ws.print(probe, page))
        self.forget(probe)
        points = self.few(count, 8)
        for n in points:
            document = self.document()
            page.arm(LASTING, KILL, first=n)
            code, _ = ws.print(document, page)
            page.disarm()
            if page.struck() and code == 0:
                raise Failed(f'killed at call {n}, the backend exits 0')
            if code != 0:
                ws.print_again(document)
            ws.check(f'backend killed at call {n}')
            self.forget(document)
        self.restart()
        ws.check('after a restart')
        say(f'backend: {len(points)} of {count} calls')

    # --- the agent ---

    def agent_capture(self):
        ws = self.ws
        probe = self.document()
        count = self.calls(ws.page, lambda: ws.print(probe))
        self.forget(probe)
        points = self.few(count, 10)
        killed = 0
        for n in points:
            document = self.document()
            process = ws.begin_print(document)
            code = []
            if self.struck(n, lambda d=document, p=process, c=code:
                           c.append(ws.end_print(d, p)[0])):
                killed += 1
                self.restart()
                ws.check(f'agent killed at call {n} of a capture')
            if code[0] != 0:
                ws.print_again(document)
            ws.check(f'CUPS tried again after call {n} of a capture')
            self.forget(document)
        say(f'agent, capture: killed at {killed} of {count} calls')

    def release(self, document, job):
        """As a printer does, all of it; it stops where the agent does."""
        try:
            visit = Visit(self.ws)
        except (Failed, OSError):
            return
        try:
            if not visit.attempt('POST', f'/v1/jobs/{job}/claim'):
                return
            status, body = visit.fetch(f'/v1/jobs/{job}/document')
            if status != 200 or body != document.content:
                return
            document.state = 'ending'
            if visit.attempt('POST', f'/v1/jobs/{job}/complete',
                             {'result': 'printed'}):
                document.state = 'gone'
        except Exception:  # the connection ended: any way it likes
            pass
        finally:
            visit.close()

    def agent_release(self):
        ws = self.ws
        probe, job = self.held()
        count = self.calls(ws.page, lambda: self.release(probe, job))
        points = self.few(count, 8)
        killed = 0
        for n in points:
            document, job = self.held()
            if not self.struck(n, lambda d=document, j=job:
                               self.release(d, j)):
                continue
            killed += 1
            self.restart()
            ws.check(f'agent killed at call {n} of a release')
            self.complete_again(document, job, n)
            ws.check(f'released after call {n}')
        say(f'agent, release: killed at {killed} of {count} calls')

    def report(self, document, job, strike=None):
        """Claim and read undisturbed; only the report is struck."""
        visit = Visit(self.ws)
        try:
            if not visit.attempt('POST', f'/v1/jobs/{job}/claim'):
                raise Failed('the claim is refused')
            if visit.fetch(f'/v1/jobs/{job}/document') != (
                    200, document.content):
                raise Failed('the document is not what was printed')
            document.state = 'ending'
            if strike is not None:
                self.ws.page.arm(LASTING, KILL, first=strike)
            else:
                self.ws.page.arm(LASTING, COUNT)
            if visit.attempt('POST', f'/v1/jobs/{job}/complete',
                             {'result': 'printed'}):
                document.state = 'gone'
        finally:
            self.ws.page.disarm()
            visit.close()

    def agent_report(self):
        """Before *complete* is answered, at every call, and after it."""
        ws = self.ws
        probe, job = self.held()
        self.report(probe, job)
        count = ws.page.count()
        killed = unanswered = 0
        for n in range(1, count + 1):
            document, job = self.held()
            self.report(document, job, n)
            if not ws.page.struck():
                continue
            if ws.agent.wait(10) != -9:
                raise Failed(f'the agent was to be killed at call {n}')
            killed += 1
            unanswered += document.state == 'ending'
            self.restart()
            ws.check(f'agent killed at call {n} of a report')
            self.complete_again(document, job, n)
            ws.check(f'reported again after call {n}')
        if unanswered == 0:
            raise Failed('no kill came before the answer: nothing was shown')
        say(f'agent, report: killed at {killed} of {count} calls, '
            f'{unanswered} of them before the answer')

    def sign_in(self, grant):
        """True: there is a session; False: nobody knows."""
        try:
            Visit(self.ws, grant).close()
            return True
        except (OSError, http.client.HTTPException):
            return False

    def agent_sign_in(self):
        """At every call between the grant and the answer."""
        ws = self.ws
        count = self.calls(ws.page, lambda: self.sign_in(self.world.grant()))
        killed = lost = 0
        for n in range(1, count + 1):
            grant, told = self.world.grant(), []
            if not self.struck(n, lambda g=grant, t=told:
                               t.append(self.sign_in(g))):
                continue
            killed += 1
            self.restart()
            # Without an answer it may be used up or not.
            again = opens_session(ws, grant)
            if again and told[0]:
                raise Failed(f'a grant is used twice, killed at call {n}')
            lost += not again
            if opens_session(ws, grant):
                raise Failed(f'a grant is used twice, after call {n}')
        if killed == lost or lost == 0:
            raise Failed('the kills do not enclose the moment of use')
        say(f'agent, sign-in: killed at {killed} of {count} calls; '
            f'{lost} times the grant was used up')

    def agent_first_byte(self):
        """One byte of the document has arrived."""
        ws, grant = self.ws, self.world.grant()
        document, job = self.held()
        visit = Visit(ws, grant)
        if not visit.attempt('POST', f'/v1/jobs/{job}/claim'):
            raise Failed('the claim is refused')
        visit.link.request('GET', f'/v1/jobs/{job}/document', None,
                           {'Authorization': 'Bearer ' + visit.token})
        if visit.link.getresponse().read(1) != document.content[:1]:
            raise Failed('no first byte')
        self.restart()
        visit.close()
        ws.check('agent killed after the first byte')
        if opens_session(ws, grant):
            raise Failed('a grant is used twice, after the first byte')
        self.complete_again(document, job, 'first byte')
        say('agent, first byte: the grant is used up, the job is there')

    def complete_again(self, document, job, n):
        """What the printer has printed it reports again, and only once is it
        printed: the report counts, whether it was stored before or not."""
        if document.state == 'ending':
            visit = Visit(self.ws)
            if not visit.attempt('POST', f'/v1/jobs/{job}/complete',
                                 {'result': 'printed'}):
                raise Failed(f'call {n}: the report is refused the second time')
            visit.close()
            document.state = 'gone'
        elif document.state == 'held':
            self.release(document, job)
        if document.state != 'gone':
            raise Failed(f'call {n}: the job cannot be released afterwards')

    def agent_delete(self):
        ws = self.ws
        probe, job = self.held()
        count = self.calls(ws.page, lambda: ws.delete(probe, job))
        points = self.few(count, 5)
        killed = 0
        for n in points:
            document, job = self.held()
            if not self.struck(n, lambda d=document, j=job: ws.delete(d, j)):
                continue
            killed += 1
            self.restart()
            ws.check(f'agent killed at call {n} of a deletion')
            if document.state != 'gone' and ws.find(document):
                self.forget(document)
            document.state = 'gone'
            ws.check(f'deleted after call {n}')
        say(f'agent, delete: killed at {killed} of {count} calls')

    def agent_keep(self):
        ws = self.ws
        document, job = self.held()
        count = self.calls(ws.page, lambda: ws.cli('keep', job))
        killed = 0
        points = self.few(count, 3)
        for n in points:
            ws.cli('keep', '--off', job)
            if not self.struck(n, lambda: ws.cli('keep', job)):
                continue
            killed += 1
            self.restart()
            ws.check(f'agent killed at call {n} of keep')
        self.forget(document)
        say(f'agent, keep: killed at {killed} of {count} calls')

    def agent_start(self):
        """Also the repair is killed at every call."""
        ws = self.ws
        document, _ = self.held()
        half = self.document()
        process = ws.begin_print(half)
        process.stdin.write(half.content[:66000])
        process.stdin.flush()
        ws.kill()
        ws.page.arm(LASTING, COUNT)
        ws.start()
        ws.page.disarm()
        count = ws.page.count()
        points = self.few(count, 5)
        for n in points:
            ws.kill()
            ws.page.arm(LASTING, KILL, first=n)
            try:
                ws.start()
            except Failed:
                pass
            ws.page.disarm()
            # It may have said that it is ready and die a moment later.
            if ws.page.struck() or not ws.lives():
                ws.kill()
                ws.start()
            ws.check(f'agent killed at call {n} of its start')
        ws.end_print(half, process)
        if half.state != 'held':
            ws.print_again(half)
        ws.check('after the starts')
        self.forget(document)
        self.forget(half)
        say(f'agent, start: {len(points)} of {count} calls')


def run(build, is_long, rng):
    with World(build) as world:
        kills = Kills(world, is_long, rng)
        kills.backend()
        kills.agent_capture()
        kills.agent_release()
        kills.agent_report()
        kills.agent_sign_in()
        kills.agent_first_byte()
        kills.agent_delete()
        kills.agent_keep()
        kills.agent_start()
        kills.ws.stop()
        kills.ws.start()
        kills.ws.check('at the end')
