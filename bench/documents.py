"""Documents to print, made on the spot."""

import os
import secrets

MIB = 1024 * 1024
IMAGE_WIDTH = 1024
IMAGE_ROW = 3 * IMAGE_WIDTH
TAIL_ROOM = 65536


def opaque(path, size):
    """Bytes without any format."""
    with open(path, 'wb') as out:
        # 0x80 first, so that it is no PostScript, PJL or text by chance.
        out.write(b'\x80')
        left = size - 1
        while left > 0:
            out.write(secrets.token_bytes(min(left, MIB)))
            left -= min(left, MIB)
    os.chmod(path, 0o644)


class _Pdf:
    """A PDF of exactly the given size, written from front to end."""

    def __init__(self, out, size):
        self.out = out
        self.size = size
        self.offsets = {}
        out.write(b'%PDF-1.5\n%\xe2\xe3\xcf\xd3\n')

    def object(self, number, *parts):
        self.offsets[number] = self.out.tell()
        self.out.write(b'%d 0 obj\n' % number)
        for part in parts:
            self.out.write(part)
        self.out.write(b'\nendobj\n')

    def stream(self, number, words, body):
        self.object(number, b'<< %s/Length %d >>\nstream\n' %
                    (words, len(body)), body, b'\nendstream')

    def left(self):
        return self.size - self.out.tell()

    def finish(self, root, info):
        count = max(self.offsets) + 1
        rows = [b'%010d 00000 n \n' % self.offsets[n] for n in range(1, count)]
        tail = b'xref\n0 %d\n0000000000 65535 f \n%s' % (count, b''.join(rows))
        tail += (b'trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\n'
                 b'startxref\n%%010d\n%%%%%%%%EOF\n' % (count, root, info))
        at = self.size - len(tail % 0)
        self.out.write(b'%' + b' ' * (at - self.out.tell() - 2) + b'\n')
        self.out.write(tail % at)


def _frame(pdf, pages):
    """Objects 1 to 3; pages are their numbers."""
    kids = b' '.join(b'%d 0 R' % page for page in pages)
    pdf.object(1, b'<< /Type /Catalog /Pages 2 0 R >>')
    pdf.object(2, b'<< /Type /Pages /Count %d /Kids [ %s ] >>' %
               (len(pages), kids))
    pdf.object(3, b'<< /Creator (bench) /Producer (printhold bench) >>')


def pdf_of_images(path, size, pages):
    """One picture of noise per page; size in bytes, exactly."""
    with open(path, 'wb') as out:
        pdf = _Pdf(out, size)
        _frame(pdf, [4 + 3 * i for i in range(pages)])
        for i in range(pages):
            page = 4 + 3 * i
            room = (pdf.left() - TAIL_ROOM) // (pages - i)
            rows = max((room - 1024) // IMAGE_ROW, 1)
            pdf.object(page, b'<< /Type /Page /Parent 2 0 R '
                       b'/MediaBox [0 0 595 842] /Contents %d 0 R '
                       b'/Resources << /XObject << /I %d 0 R >> >> >>' %
                       (page + 1, page + 2))
            pdf.stream(page + 1, b'', b'q 595 0 0 842 0 0 cm /I Do Q')
            pdf.stream(page + 2, b'/Type /XObject /Subtype /Image /Width %d '
                       b'/Height %d /ColorSpace /DeviceRGB '
                       b'/BitsPerComponent 8 ' % (IMAGE_WIDTH, rows),
                       secrets.token_bytes(rows * IMAGE_ROW))
        pdf.finish(1, 3)
    os.chmod(path, 0o644)


def pdf_of_text(path, size, pages):
    """Some pages of text; size in bytes, exactly."""
    with open(path, 'wb') as out:
        pdf = _Pdf(out, size)
        _frame(pdf, [5 + 2 * i for i in range(pages)])
        pdf.object(4, b'<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>')
        for i in range(pages):
            page = 5 + 2 * i
            room = (pdf.left() - 2048) // (pages - i) - 256
            lines = b''.join(
                b'1 0 0 1 40 %d Tm (%s) Tj\n' %
                (800 - 12 * (n % 60), secrets.token_hex(30).encode())
                for n in range(room // 86))
            pdf.object(page, b'<< /Type /Page /Parent 2 0 R '
                       b'/MediaBox [0 0 595 842] /Contents %d 0 R '
                       b'/Resources << /Font << /F 4 0 R >> >> >>' %
                       (page + 1))
            pdf.stream(page + 1, b'', b'BT /F 10 Tf\n' + lines + b'ET')
        pdf.finish(1, 3)
    os.chmod(path, 0o644)
