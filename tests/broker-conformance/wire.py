"""A small MQTT client, 5.0 and 3.1.1, that shows what it is told: blocking, one
connection each, over WebSocket Secure (wss://) or TLS (mqtts://). Not the
product's own code: what it finds is true for any client."""
import base64
import collections
import os
import select
import socket
import ssl
import struct
import time
import urllib.parse

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK = 1, 2, 3, 4, 8, 9
PINGREQ, PINGRESP, DISCONNECT = 12, 13, 14
ANSWER_S = 15  # a cluster may need seconds for its first session

# Properties: identifier to name and type.
PROPERTIES = {
    0x01: ("payload-format", "byte"), 0x02: ("expiry", "u32"),
    0x03: ("content-type", "text"), 0x08: ("response-topic", "text"),
    0x09: ("correlation", "bytes"), 0x0B: ("subscription", "varint"),
    0x11: ("session-expiry", "u32"), 0x12: ("client-id", "text"),
    0x13: ("server-keep-alive", "u16"), 0x15: ("method", "text"),
    0x16: ("data", "bytes"), 0x18: ("will-delay", "u32"),
    0x1A: ("response-information", "text"), 0x1C: ("reference", "text"),
    0x1F: ("reason-string", "text"), 0x21: ("receive-maximum", "u16"),
    0x22: ("alias-maximum", "u16"), 0x23: ("alias", "u16"),
    0x24: ("maximum-qos", "byte"), 0x25: ("retain-available", "byte"),
    0x26: ("user", "pair"), 0x27: ("maximum-packet", "u32"),
    0x28: ("wildcards", "byte"), 0x29: ("subscription-ids", "byte"),
    0x2A: ("shared", "byte"),
}
IDENTIFIERS = {name: number for number, (name, _) in PROPERTIES.items()}


class Closed(Exception):
    """The broker hung up, or never answered."""


Message = collections.namedtuple(
    "Message", "topic payload retain properties packet_id at")
Identity = collections.namedtuple(
    "Identity", "id cert key user password", defaults=(None,) * 4)
Server = collections.namedtuple("Server", "url ca")


def varint(value):
    out = b""
    while True:
        byte, value = value & 0x7F, value >> 7
        out += bytes([byte | (0x80 if value else 0)])
        if not value:
            return out


def text(value):
    raw = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">H", len(raw)) + raw


def put_properties(properties):
    out = b""
    for name, value in properties.items():
        number = IDENTIFIERS[name]
        kind = PROPERTIES[number][1]
        form = {"byte": ">B", "u16": ">H", "u32": ">I"}.get(kind)
        out += bytes([number])
        out += struct.pack(form, value) if form else text(value)
    return varint(len(out)) + out


class Reader:
    """Takes values from the front of a packet's bytes."""

    def __init__(self, raw):
        self.raw, self.at = raw, 0

    def take(self, count):
        piece = self.raw[self.at:self.at + count]
        if len(piece) < count:
            raise Closed("a packet is too short")
        self.at += count
        return piece

    def number(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return value

    def text(self):
        return self.take(self.number(">H"))

    def properties(self):
        out, end = {}, self.varint()
        end += self.at
        while self.at < end:
            name, kind = PROPERTIES[self.take(1)[0]]
            if kind == "varint":
                out[name] = self.varint()
            elif kind == "pair":
                out[name] = (self.text(), self.text())
            elif kind in ("text", "bytes"):
                out[name] = self.text()
            else:
                out[name] = self.number(
                    {"byte": ">B", "u16": ">H", "u32": ">I"}[kind])
        return out

    def rest(self):
        return self.raw[self.at:]


# --- bytes ---


class Stream:
    """TLS, and WebSocket frames on it for wss."""

    def __init__(self, server, identity):
        url = urllib.parse.urlsplit(server.url)
        if url.scheme not in ("wss", "mqtts"):
            raise SystemExit(f"{server.url}: the url begins with wss or mqtts")
        port = url.port or {"wss": 443, "mqtts": 8883}[url.scheme]
        context = ssl.create_default_context(cafile=server.ca)
        if identity.cert:
            context.load_cert_chain(identity.cert, identity.key)
        plain = socket.create_connection((url.hostname, port), ANSWER_S)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.tls = context.wrap_socket(plain, server_hostname=url.hostname)
            self.inbox = b""
            self.is_web = url.scheme == "wss"
            if self.is_web:
                self.raw = b""
                self.upgrade(url, port)
        except (OSError, Closed):
            plain.close()
            raise

    def upgrade(self, url, port):
        key = base64.b64encode(os.urandom(16)).decode()
        self.tls.sendall(
            (f"GET {url.path or '/mqtt'} HTTP/1.1\r\nHost: {url.hostname}:{port}"
             "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Protocol: mqtt\r\n\r\n").encode())
        deadline = time.monotonic() + ANSWER_S
        while b"\r\n\r\n" not in self.raw:
            self.raw += self.more(deadline)
        head, self.raw = self.raw.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise Closed("no WebSocket there: "
                         + head.split(b"\r\n")[0].decode("latin-1"))

    def more(self, deadline):
        left = deadline - time.monotonic()
        if not self.tls.pending():
            if left <= 0 or not select.select([self.tls], [], [], left)[0]:
                raise TimeoutError
        piece = self.tls.recv(65536)
        if not piece:
            raise Closed("the broker closed the connection")
        return piece

    def frame(self):
        """The first whole frame of self.raw, or nothing yet."""
        raw = self.raw
        if len(raw) < 2:
            return None
        size, at = raw[1] & 0x7F, 2
        if size >= 126:
            at = 4 if size == 126 else 10
            if len(raw) < at:
                return None
            size = int.from_bytes(raw[2:at], "big")
        if len(raw) < at + size:
            return None
        self.raw = raw[at + size:]
        return raw[0] & 0x0F, raw[at:at + size]

    def receive(self, deadline):
        """Some more bytes in the inbox."""
        if not self.is_web:
            self.inbox += self.more(deadline)
            return
        while True:
            frame = self.frame()
            if frame is None:
                self.raw += self.more(deadline)
            elif frame[0] == 8:
                raise Closed("the broker closed the WebSocket")
            elif frame[0] == 9:
                self.send(frame[1], 10)
            else:
                self.inbox += frame[1]
                return

    def send(self, data, code=2):
        if self.is_web:
            mask = os.urandom(4)
            size = len(data)
            head = bytes([0x80 | code])
            if size < 126:
                head += bytes([0x80 | size])
            elif size < 65536:
                head += bytes([0x80 | 126]) + struct.pack(">H", size)
            else:
                head += bytes([0x80 | 127]) + struct.pack(">Q", size)
            whole = (mask * (size // 4 + 1))[:size]
            masked = int.from_bytes(data, "big") ^ int.from_bytes(whole, "big")
            data = head + mask + masked.to_bytes(size, "big")
        try:
            self.tls.sendall(data)
        except OSError as error:
            raise Closed(str(error)) from error

    def close(self):
        self.tls.close()


# --- packets ---


class Client:
    """connect() raises Closed, or leaves code (0 = accepted), session_present
    and limits. Messages that arrive meanwhile wait in self.messages."""

    def __init__(self, server, identity, level=5):
        self.server, self.identity, self.level = server, identity, level
        self.messages = collections.deque()
        self.acks_by_hand = False
        self.next_id = 0
        self.stream = None
        self.left = None

    def connect(self, clean=True, session_s=0, will=None, will_delay_s=0,
                receive_max=None, client_id=None):
        self.stream = Stream(self.server, self.identity)
        v5 = self.level == 5
        flags = 2 if clean else 0
        body = text(client_id or self.identity.id)
        if will:
            flags |= 4 | 8 | 32  # QoS 1, retained
            if v5:
                body += put_properties(
                    {"will-delay": will_delay_s} if will_delay_s else {})
            body += text(will[0]) + text(will[1])
        if self.identity.user is not None:
            flags |= 0x80
            body += text(self.identity.user)
        if self.identity.password is not None:
            flags |= 0x40
            body += text(self.identity.password)
        wanted = {}
        if session_s:
            wanted["session-expiry"] = session_s
        if receive_max:
            wanted["receive-maximum"] = receive_max
        self.send(CONNECT, 0, text("MQTT") + struct.pack(
            ">BBH", 5 if v5 else 4, flags, 55)
            + (put_properties(wanted) if v5 else b"") + body)
        packet = Reader(self.wait(CONNACK)[1])
        self.session_present = packet.take(1)[0] == 1
        self.code = packet.take(1)[0]
        self.limits = packet.properties() if packet.rest() else {}
        return self

    def send(self, kind, flags, body):
        self.stream.send(bytes([kind << 4 | flags]) + varint(len(body)) + body)

    def packet(self, deadline):
        while True:
            inbox = self.stream.inbox
            for count in range(2, min(len(inbox), 5) + 1):
                if inbox[count - 1] & 0x80:
                    continue
                size = Reader(inbox[1:]).varint()
                if len(inbox) >= count + size:
                    self.stream.inbox = inbox[count + size:]
                    return inbox[0], inbox[count:count + size]
                break
            self.stream.receive(deadline)

    def handle(self, first, body):
        """What may come at any time."""
        kind = first >> 4
        if kind == PUBLISH:
            self.take_publish(first, Reader(body))
        elif kind == DISCONNECT:
            code = body[0] if body else 0
            raise Closed(f"the broker disconnects: 0x{code:02x}")

    def take_publish(self, first, reader):
        topic = reader.text().decode()
        packet_id = reader.number(">H") if first & 6 else 0
        properties = reader.properties() if self.level == 5 else {}
        self.messages.append(Message(topic, reader.rest(), bool(first & 1),
                                     properties, packet_id, time.monotonic()))
        if packet_id and not self.acks_by_hand:
            self.ack(packet_id)

    def ack(self, packet_id):
        self.send(PUBACK, 0, struct.pack(">H", packet_id))

    def wait(self, kind, seconds=ANSWER_S):
        deadline = time.monotonic() + seconds
        try:
            while True:
                first, body = self.packet(deadline)
                if first >> 4 == kind:
                    return first, body
                self.handle(first, body)
        except TimeoutError as error:
            raise Closed("the broker does not answer") from error
        except OSError as error:
            raise Closed(str(error)) from error

    def number(self):
        self.next_id = self.next_id % 65535 + 1
        return self.next_id

    def subscribe(self, *filters):
        """The reason for each filter; 0 to 2 are success."""
        packet_id = self.number()
        body = struct.pack(">H", packet_id)
        if self.level == 5:
            body += put_properties({})
        for one in filters:
            body += text(one) + b"\x01"
        self.send(SUBSCRIBE, 2, body)
        reader = Reader(self.wait(SUBACK)[1])
        reader.take(2)
        if self.level == 5:
            reader.properties()
        return list(reader.rest())

    def publish(self, topic, payload, retain=False, expiry_s=0, wait=True):
        """At QoS 1; the reason of the PUBACK (0 for 3.1.1)."""
        packet_id = self.number()
        body = text(topic) + struct.pack(">H", packet_id)
        if self.level == 5:
            body += put_properties({"expiry": expiry_s} if expiry_s else {})
        self.send(PUBLISH, 2 | retain, body + payload)
        return self.acked(packet_id) if wait else packet_id

    def acked(self, packet_id):
        while True:
            reader = Reader(self.wait(PUBACK)[1])
            if reader.number(">H") == packet_id:
                return reader.take(1)[0] if reader.rest() else 0

    def message(self, seconds):
        """The next message, or None."""
        deadline = time.monotonic() + seconds
        while not self.messages:
            try:
                self.handle(*self.packet(deadline))
            except TimeoutError:
                return None
            except OSError as error:
                raise Closed(str(error)) from error
        return self.messages.popleft()

    def is_alive(self):
        try:
            self.send(PINGREQ, 0, b"")
            self.wait(PINGRESP, 5)
            return True
        except Closed:
            return False

    def leave(self, session_s=None):
        """DISCONNECT: the broker drops the will."""
        try:
            body = b""
            if self.level == 5 and session_s is not None:
                body = b"\0" + put_properties({"session-expiry": session_s})
            self.send(DISCONNECT, 0, body)
        except Closed:
            pass
        self.stream.close()

    def vanish(self):
        """Like a computer that loses its power."""
        self.stream.close()
