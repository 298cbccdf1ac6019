"""Contests: the same work done by several, alternately and in random order.

In every round each contestant runs once, the baseline twice under two names.
A figure is the median over the rounds; a ratio is one median by another. The
two series of the baseline are the control: they measure the same thing, so
where they differ by more than CONTROL allows, the computer was too busy for
its figures to mean anything, and the contest is rejected and held again.
"""

import random
import statistics
import time

import quiet

CONTROL = (0.93, 1.07)
AGAIN = 'baseline again'


def is_good(control):
    return CONTROL[0] <= control <= CONTROL[1]


class Contest:
    """Contestants are functions that return seconds; the first is the
    baseline."""

    def __init__(self, name, contestants, before=None):
        self.name = name
        self.contestants = dict(contestants)
        self.baseline = next(iter(self.contestants))
        self.before = before or (lambda: None)
        self.samples = {}
        self.loud = 0

    def _run(self, name):
        seconds, was_quiet = quiet.measure(self.before, self.contestants[name])
        self.loud += not was_quiet
        return seconds

    def _one_round(self):
        order = [(name, name) for name in self.contestants]
        order.append((AGAIN, self.baseline))
        random.shuffle(order)
        for series, name in order:
            self.samples.setdefault(series, []).append(self._run(name))

    def _hold(self, rounds):
        for name in self.contestants:  # warm up, unrecorded
            self._run(name)
        self.samples = {}
        self.loud = 0
        for _ in range(rounds):
            self._one_round()

    def hold(self, rounds, attempts, say):
        """Hold it until the control is good; False when it never was."""
        for attempt in range(1, attempts + 1):
            self._hold(rounds)
            if self.loud:
                runs = sum(len(each) for each in self.samples.values())
                say(f'  {self.name}: others were at work in {self.loud} of '
                    f'{runs} runs')
            if is_good(self.control()):
                return True
            say(f'  {self.name}: control {self.control():.3f} is outside '
                f'{CONTROL[0]}-{CONTROL[1]}, rejected '
                f'(attempt {attempt} of {attempts})')
            if attempt < attempts:
                time.sleep(2 * attempt)
        return False

    def control(self):
        """The baseline against itself; should be 1."""
        return (statistics.median(self.samples[AGAIN]) /
                statistics.median(self.samples[self.baseline]))

    def median(self, name):
        """Seconds. The baseline's is that of both its series."""
        samples = self.samples[name]
        if name == self.baseline:
            samples = samples + self.samples[AGAIN]
        return statistics.median(samples)

    def times(self, name):
        """How many times the baseline's time the contestant needs."""
        return self.median(name) / self.median(self.baseline)

    def speed(self, name):
        """How many times the baseline's speed the contestant has."""
        return 1 / self.times(name)


class Figure:
    """One measured claim. Bounds are None where nothing is claimed."""

    def __init__(self, name, value, control, safe=None, aim=None,
                 more_is_better=False, unit='x', detail=''):
        self.name = name
        self.value = value
        self.control = control
        self.safe = safe
        self.aim = aim
        self.more_is_better = more_is_better
        self.unit = unit
        self.detail = detail

    def _reaches(self, bound):
        if self.more_is_better:
            return self.value >= bound
        return self.value <= bound

    def is_missed(self):
        return self.safe is not None and not self._reaches(self.safe)

    def verdict(self):
        if self.safe is None:
            return 'for information'
        if self.is_missed():
            return 'MISSED'
        if self.aim is not None and self._reaches(self.aim):
            return 'aim reached'
        return 'safe'

    def as_json(self):
        return {'name': self.name, 'value': round(self.value, 4),
                'control': round(self.control, 4), 'safe': self.safe,
                'aim': self.aim, 'unit': self.unit,
                'verdict': self.verdict(), 'detail': self.detail}

    def row(self):
        sign = '>=' if self.more_is_better else '<='
        bounds = ''
        if self.safe is not None:
            bounds = f'safe {sign} {self.safe:g}'
        if self.aim is not None:
            bounds += f', aim {sign} {self.aim:g}'
        return (f'{self.name:<38} {self.value:6.2f} {self.unit:<4}'
                f' {bounds:<28} {self.verdict():<16}'
                f' A/A {self.control:.3f}  {self.detail}')
