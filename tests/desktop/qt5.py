#!/usr/bin/env python3
"""A Qt program that prints: qt5.py TITLE PAGES; two copies, both sides."""

import sys

from PyQt5.QtGui import QPainter
from PyQt5.QtPrintSupport import QPrinter, QPrinterInfo
from PyQt5.QtWidgets import QApplication

QUEUE = 'PrintHold'


def main():
    title, pages = sys.argv[1], int(sys.argv[2])
    app = QApplication(sys.argv[:1])
    info = QPrinterInfo.printerInfo(QUEUE)
    if info.isNull():
        return f'Qt knows no printer {QUEUE}'
    printer = QPrinter(info, QPrinter.HighResolution)
    printer.setDocName(title)
    printer.setCopyCount(2)
    printer.setDuplex(QPrinter.DuplexLongSide)
    painter = QPainter()
    if not painter.begin(printer):
        return 'Qt cannot print'
    for number in range(pages):
        if number > 0:
            printer.newPage()
        painter.fillRect(500, 500, 1000, 1000 + number, 1)
    painter.end()
    app.processEvents()
    return 0


if __name__ == '__main__':
    sys.exit(main())
