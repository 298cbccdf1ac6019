"""Claims 1 and 2: what holding a job costs where it is printed."""

import json
import os
import shutil
import subprocess

import documents
from lab import Agent, Failed
from rounds import Contest, Figure

WARM_MIB = 640  # a document in the page cache twice, and some more
CUPS_BACKENDS = ('/usr/lib/cups/backend', '/usr/libexec/cups/backend')

METHOD_LARGE = '''\
The document is in the page cache and comes through a pipe from cat(1).
Baseline: cat > a new file, then fsync. Ours: the backend, started with the
arguments and environment that cupsd gives, with the agent on the same file
system, from exec to its exit with 0: then the document is encrypted, verified
by the agent, synced, in the catalogue and in the outbox. The disk alone: as many
bytes that are in memory already, past the page cache, then fsync. Before each run
everything dirty is synced; files and jobs of earlier runs are deleted.'''

METHOD_SMALL = '''\
The document lies in the pipe when the program is started. Baseline: the start
of CUPS's own backend "socket" without arguments (it lists no device). Ours:
the whole job as above, from exec to exit, pages counted.'''


class _Capture:
    def __init__(self, lab, agent):
        self.lab = lab
        self.agent = agent
        self.plain = lab.make_dir('plain', lab.capture_user)

    def clean(self):
        """As if nothing had run before."""
        for name in os.listdir(self.plain):
            os.unlink(os.path.join(self.plain, name))
        self.agent.forget_jobs()
        os.sync()
        self.warm_memory()

    def warm_memory(self):
        """Memory that a virtual machine gave back to its host costs time when
        it is touched again. Nobody shall pay for that in his time."""
        path, block = os.path.join(self.plain, 'warm'), bytes(documents.MIB)
        with open(path, 'wb', buffering=0) as out:
            for _ in range(WARM_MIB):
                out.write(block)
        os.unlink(path)

    def cat(self, document):
        return self.lab.time(
            ['--pipe', document, '--output', os.path.join(self.plain, 'cat'),
             '--sync'], ['cat'])

    def disk(self, size):
        """What the disk alone needs for as many bytes."""
        said = self.lab.run([self.lab.program('ph-bench-disk'),
                             os.path.join(self.plain, 'disk'),
                             str(size // documents.MIB)])
        return json.loads(said)['wall_ns'] / 1e9

    def age(self, document, recipient):
        return self.lab.time(
            ['--pipe', document, '--output', os.path.join(self.plain, 'age'),
             '--sync'], ['age', '-r', recipient])


def _recipient(lab):
    key = lab.path('age.key')
    lab.run(['age-keygen', '-o', key])
    return lab.run(['age-keygen', '-y', key]).strip()


def _check_pages(agent, document, how, kind, pages):
    """That pages are counted, once, outside of any time."""
    agent.print(document, kind, [how])
    counted = agent.jobs()[-1]['ticket'].get('job-impressions')
    if counted != pages:
        raise Failed(f'{document} has {pages} pages, the ticket says {counted}')
    agent.forget_jobs()


def large(lab, options):
    """Durable capture against cat and fsync."""
    if not lab.is_durable():
        raise Failed(f'{lab.dir} is on {lab.file_system}, where nothing is '
                     'durable; use --dir')
    size = (64 if options.quick else 256) * documents.MIB
    pages = 32 if options.quick else 128
    agent = Agent(lab, 'capture')
    work = _Capture(lab, agent)
    opaque, pdf = lab.path('opaque.bin'), lab.path('large.pdf')
    documents.opaque(opaque, size)
    documents.pdf_of_images(pdf, size, pages)
    _check_pages(agent, pdf, '--pipe', 'application/pdf', pages)
    recipient = _recipient(lab)
    for name, document, kind in (
            ('opaque', opaque, 'application/octet-stream'),
            ('PDF', pdf, 'application/pdf')):
        contest = Contest(
            f'capture of {size // documents.MIB} MiB, {name}',
            {'cat + fsync': lambda d=document: work.cat(d),
             'backend': lambda d=document, k=kind: agent.print(d, k, ['--pipe']),
             'age + fsync': lambda d=document: work.age(d, recipient),
             'disk': lambda: work.disk(size)},
            before=work.clean)
        if not options.hold(contest, options.rounds):
            continue
        yield Figure(
            contest.name, contest.times('backend'), contest.control(),
            safe=1.1, aim=0.75,
            detail=f'{contest.median("backend"):.3f} s against '
                   f'{contest.median("cat + fsync"):.3f} s')
        yield Figure(
            '  the same by age(1)', contest.times('age + fsync'),
            contest.control(), detail=f'{contest.median("age + fsync"):.3f} s')
        yield Figure(
            '  the disk alone', contest.times('disk'), contest.control(),
            detail=f'{contest.median("disk"):.3f} s; nothing durable is '
                   'quicker')
    work.clean()
    agent.stop()
    os.unlink(opaque)
    os.unlink(pdf)
    shutil.rmtree(work.plain)


def _socket_backend():
    for folder in CUPS_BACKENDS:
        if os.path.exists(os.path.join(folder, 'socket')):
            return os.path.join(folder, 'socket')
    raise Failed('CUPS is not installed: there is no backend "socket"')


def small(lab, options):
    """A 50 KB job against the start of a backend that does nothing."""
    agent = Agent(lab, 'small')
    socket, pdf = _socket_backend(), lab.path('small.pdf')
    documents.pdf_of_text(pdf, 50000, 3)
    subprocess.run(['qpdf', '--check', pdf], check=True, capture_output=True)
    _check_pages(agent, pdf, '--filled', 'application/pdf', 3)
    contest = Contest(
        'backend, 50 KB PDF',
        {'start of socket': lambda: lab.time(['--filled', pdf], [socket]),
         'backend': lambda: agent.print(pdf, 'application/pdf', ['--filled'])})
    if options.hold(contest, 5 * options.rounds):
        yield Figure(
            contest.name, contest.times('backend'), contest.control(), safe=2.2,
            detail=f'{contest.median("backend") * 1e3:.2f} ms against '
                   f'{contest.median("start of socket") * 1e3:.2f} ms')
    agent.stop()
