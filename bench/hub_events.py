"""Claim 9: 1,000 events in a second into the hub's database, for as long as
they come."""

import datetime
import json
import time
import uuid

from hub import PRINTERS, Hub
from lab import TENANT, Failed, wait_for
from rounds import Figure

METHOD = '''\
A hub with its mosquitto, 1,000 people and workstations. For 40 s (quick: 4) one
publisher tells job after job, held and released, as fast as the broker takes
them at QoS 1; the hub takes them and acknowledges what is durable. The time is
from the first PUBLISH to the last event in hub.db, and each must be there once.'''

PEOPLE = 1000


def _event(number, ws, kind, job, more):
    now = datetime.datetime.now(datetime.timezone.utc)
    return f'ph1/{TENANT}/ev/{ws}\t' + json.dumps({
        'specversion': '1.0', 'id': str(uuid.uuid4()),
        'source': f'urn:printhold:{TENANT}:ws:{ws}',
        'type': f'org.printhold.job.{kind}.v1', 'subject': job,
        'time': now.isoformat(timespec='milliseconds')[:-6] + 'Z',
        'datacontenttype': 'application/json',
        'data': {'ws': ws, 'host': f'lt-{number}',
                 'usr': f'p{number:06}@example.com', 'st': kind,
                 'job-name': f'Report {job[:8]}', 'job-impressions': 12,
                 'copies': 2, 'number-up': 1, 'size-bytes': 482133,
                 'sides': 'two-sided-long-edge', 'media': 'iso_a4_210x297mm',
                 'print-color-mode': 'monochrome', 'driver': 'PrintHold PDF',
                 'document-format': 'application/pdf', 'source': 'Writer',
                 'submission-ip': '192.0.2.20', **more}})


class _Stream:
    """Events for so many seconds; how many there were."""

    def __init__(self, seconds):
        self.end, self.jobs = time.monotonic() + seconds, 0

    def __iter__(self):
        while time.monotonic() < self.end:
            number = self.jobs % PEOPLE
            ws, job = f'ws-{number:06}', uuid.uuid4().hex
            yield _event(number, ws, 'held', job, {})
            yield _event(number, ws, 'released', job, {'release': {
                'printer': f'pr-{self.jobs % PRINTERS}', 'result': 'printed',
                'address': '192.0.2.30', 'job-impressions-completed': 24,
                'job-media-sheets-completed': 12}})
            self.jobs += 1


def taken(lab, options):
    """A stream of events into one hub."""
    for printer in range(PRINTERS):
        lab.make_printer(f'pr-{printer}')
    hub = Hub(lab, 'hub-events', PEOPLE)
    hub.broker.allow('topic write ph1/+/ev/#')
    began = time.monotonic()
    stream = _Stream(4 if options.quick else 40)
    hub.broker.tell(stream, 2)
    told_s = time.monotonic() - began
    wait_for('the hub to have all of them', 120,
             lambda: hub.ask('SELECT count(*) FROM released') >= stream.jobs)
    taken_s = time.monotonic() - began
    counts = [hub.ask(f'SELECT count(*) FROM {table}')
              for table in ('job', 'released')]
    if counts != [stream.jobs, stream.jobs]:
        raise Failed(f'{stream.jobs} jobs were told, the hub has {counts}')
    rate = 2 * stream.jobs / taken_s
    yield Figure('hub: an event, from the publisher to the disk',
                 1000 / rate, 1.0, safe=1, unit='ms',
                 detail=f'{rate:.0f} in a second over {taken_s:.0f} s; told '
                        f'in {told_s:.0f} s; RSS {hub.rss():.0f} MiB, peak '
                        f'{hub.rss("VmHWM"):.0f}')
    hub.stop()
