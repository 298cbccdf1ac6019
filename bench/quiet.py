"""Is anything else going on? Figures taken while others compile mean little.

A run counts when the processors were idle just before it and just after it.
The rule is the same for every contestant and does not look at the result.
"""

import time

WINDOW_S = 0.1
BUSY_MAX = 0.10
PATIENCE_S = 5
TRIES = 3

_state = {'matters': True}


def no_need():
    """Others cannot disturb: what is measured comes before them."""
    _state['matters'] = False


def _processors():
    """Jiffies: all, and those without work."""
    with open('/proc/stat') as stat:
        fields = [int(field) for field in stat.readline().split()[1:9]]
    return sum(fields), fields[3] + fields[4]


def is_quiet():
    """Over one short window from now."""
    total, idle = _processors()
    time.sleep(WINDOW_S)
    total_after, idle_after = _processors()
    passed = max(total_after - total, 1)
    return 1 - (idle_after - idle) / passed <= BUSY_MAX


def wait():
    """Until it is quiet, but not for ever."""
    end = time.monotonic() + PATIENCE_S
    while not is_quiet() and time.monotonic() < end:
        pass


def measure(prepare, run):
    """What run() returns, from a quiet time if there is one. Also whether it
    was quiet."""
    if not _state['matters']:
        prepare()
        return run(), True
    for _ in range(TRIES):
        prepare()
        wait()
        result = run()
        if is_quiet():
            return result, True
    return result, False
