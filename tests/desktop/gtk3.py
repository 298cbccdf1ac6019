#!/usr/bin/env python3
"""A GTK program that prints: gtk3.py TITLE PAGES [--dialog].

Without --dialog it prints at once, as programs with a "print now" button do;
with it, GTK's print dialog opens, set to three copies, both sides, grey, and
somebody has to confirm it. Ends with 0 when GTK says that it printed.
"""

import sys

import gi

gi.require_version('Gtk', '3.0')
# pylint: disable=wrong-import-position
from gi.repository import Gtk

QUEUE = 'PrintHold'


def draw_page(unused, context, number):
    cairo = context.get_cairo_context()
    cairo.rectangle(72, 72, 100, 100 + number)
    cairo.fill()


def settings(with_dialog):
    made = Gtk.PrintSettings()
    made.set_printer(QUEUE)
    made.set_n_copies(3 if with_dialog else 2)
    if with_dialog:
        made.set_duplex(Gtk.PrintDuplex.HORIZONTAL)
        made.set('cups-Duplex', 'DuplexNoTumble')
        made.set('cups-ColorModel', 'Gray')
    return made


def main():
    title, pages, with_dialog = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    window = Gtk.Window(title='A program')
    window.show()
    operation = Gtk.PrintOperation()
    operation.set_job_name(title)
    operation.set_n_pages(pages)
    operation.set_print_settings(settings(with_dialog))
    operation.connect('draw-page', draw_page)
    # The job is sent after run() has returned.
    operation.connect('status-changed', lambda it: it.is_finished() and
                      Gtk.main_quit())
    operation.set_track_print_status(True)
    action = (Gtk.PrintOperationAction.PRINT_DIALOG if with_dialog
              else Gtk.PrintOperationAction.PRINT)
    result = operation.run(action, window)
    if result != Gtk.PrintOperationResult.APPLY:
        return f'GTK says {result}'
    if not operation.is_finished():
        Gtk.main()
    return 0


if __name__ == '__main__':
    sys.exit(main())
