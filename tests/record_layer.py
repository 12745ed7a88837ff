"""A TLS client that writes its own records, of any kind and length, after a handshake by OpenSSL.

RFC 8446 §5.2 and §7.3 (TLS 1.3), RFC 5246 §6.2.3.3 and RFC 5288 (TLS 1.2), with AES-128-GCM and SHA-256.
OpenSSL's client sends no empty record, no alert on demand and no record of one byte.
"""

import hmac
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from OpenSSL import SSL

ALERT, HANDSHAKE, APPLICATION_DATA = 21, 22, 23
KEY_UPDATE = b"\x18\x00\x00\x01\x00"
KEY_UPDATE_REQUESTED = b"\x18\x00\x00\x01\x01"
USER_CANCELED = b"\x01\x5a"  # an alert of level warning

KEY_BYTES, SALT_BYTES, IV_BYTES, TAG_BYTES = 16, 4, 12, 16


class TLS13Records:
    """Seals records of TLS 1.3 with the client's key."""

    def __init__(self, secret: bytes) -> None:
        self._use(secret)

    def seal(self, kind: int, content: bytes) -> bytes:
        """A whole record. kind: the content type, for example APPLICATION_DATA."""
        header = b"\x17\x03\x03" + (len(content) + 1 + TAG_BYTES).to_bytes(2)
        nonce = (self._iv ^ self._sequence).to_bytes(IV_BYTES)
        self._sequence += 1
        return header + self._cipher.encrypt(nonce, content + bytes([kind]), header)

    def key_update(self, message: bytes = KEY_UPDATE) -> bytes:
        """A KeyUpdate in a record; the next record is sealed with the next key."""
        record = self.seal(HANDSHAKE, message)
        self._use(_expand_label(self._secret, b"traffic upd", 32))
        return record

    def _use(self, secret: bytes) -> None:
        self._secret, self._sequence = secret, 0
        self._cipher = AESGCM(_expand_label(secret, b"key", KEY_BYTES))
        self._iv = int.from_bytes(_expand_label(secret, b"iv", IV_BYTES))


class TLS12Records:
    """Seals records of TLS 1.2 with the client's key."""

    def __init__(self, master_secret: bytes, server_random: bytes, client_random: bytes) -> None:
        self._sequence = 1  # Finished was the first
        seed = b"key expansion" + server_random + client_random
        block, a = b"", seed
        while len(block) < 2 * (KEY_BYTES + SALT_BYTES):
            a = hmac.digest(master_secret, a, "sha256")
            block += hmac.digest(master_secret, a + seed, "sha256")
        self._cipher = AESGCM(block[:KEY_BYTES])
        self._salt = block[2 * KEY_BYTES :][:SALT_BYTES]

    def seal(self, kind: int, content: bytes) -> bytes:
        """A whole record. kind: the content type, for example APPLICATION_DATA."""
        number, start = self._sequence.to_bytes(8), bytes([kind]) + b"\x03\x03"
        self._sequence += 1
        about = number + start + len(content).to_bytes(2)
        sealed = number + self._cipher.encrypt(self._salt + number, content, about)
        return start + len(sealed).to_bytes(2) + sealed


class RecordClient:
    """A connection past its handshake.

    raw: the TCP connection, on which sealed records are sent. records: what seals them. last_messages: of the
    handshake, as far as they have not been sent.
    """

    def __init__(
        self, raw: socket.socket, connection: SSL.Connection, records: Any, last_messages: bytes
    ) -> None:
        self.raw, self._connection, self.records = raw, connection, records
        self.last_messages = last_messages

    def data(self, content: bytes, size: int) -> bytes:
        """Application data in records of ``size`` bytes each."""
        pieces = (content[start : start + size] for start in range(0, len(content), size))
        return b"".join(self.records.seal(APPLICATION_DATA, piece) for piece in pieces)

    def answer(self) -> bytes:
        """Everything that the server sends until it closes the connection."""
        received = b""
        while True:
            try:
                received += self._connection.recv(65536)
            except SSL.ZeroReturnError:
                return received
            except SSL.WantReadError:
                try:
                    data = self.raw.recv(65536)
                except ConnectionError:
                    data = b""
                if not data:
                    return received
                self._connection.bio_write(data)


@contextmanager
def record_client(
    raw: socket.socket,
    trust_bundle: Path,
    version: int = SSL.TLS1_3_VERSION,
    *,
    finished: bool = True,
    together: bool = False,
) -> Iterator[RecordClient]:
    """A client on a TCP connection, which is closed at the end. It has no certificate of its own.

    finished: whether the client's last messages of the handshake are sent. If not, the records are sealed as
    these messages would be (TLS 1.3 only). together: whether the caller sends them, with what comes next.
    """
    secrets: dict[str, bytes] = {}

    def keep(_connection: SSL.Connection, line: bytes) -> None:
        label, _, secret = line.decode().split(" ")
        secrets[label] = bytes.fromhex(secret)

    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.load_verify_locations(str(trust_bundle))
    context.set_verify(SSL.VERIFY_PEER, lambda _connection, _certificate, _error, _depth, good: bool(good))
    context.set_min_proto_version(version)
    context.set_max_proto_version(version)
    context.set_tls13_ciphersuites(b"TLS_AES_128_GCM_SHA256")
    context.set_cipher_list(b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256")
    context.set_keylog_callback(keep)
    with raw:
        connection = SSL.Connection(context)
        connection.set_tlsext_host_name(b"localhost")
        connection.set_connect_state()
        last_messages = _complete_handshake(connection, raw)
        if finished and not together:
            raw.sendall(last_messages)
            last_messages = b""
        yield RecordClient(
            raw, connection, _records_of(connection, secrets, finished=finished), last_messages
        )


def _complete_handshake(connection: SSL.Connection, raw: socket.socket) -> bytes:
    """Complete the client's side; the messages that are still to be sent."""
    while True:
        try:
            connection.do_handshake()
        except SSL.WantReadError:
            with suppress(SSL.WantReadError):
                raw.sendall(connection.bio_read(65536))
            connection.bio_write(raw.recv(65536))
        else:
            try:
                return connection.bio_read(65536)
            except SSL.WantReadError:
                return b""  # in TLS 1.2 the server is last


def _records_of(
    connection: SSL.Connection, secrets: dict[str, bytes], *, finished: bool
) -> TLS12Records | TLS13Records:
    if "CLIENT_RANDOM" in secrets:
        server_random, client_random = connection.server_random(), connection.client_random()
        assert server_random is not None
        assert client_random is not None
        return TLS12Records(secrets["CLIENT_RANDOM"], server_random, client_random)
    label = "CLIENT_TRAFFIC_SECRET_0" if finished else "CLIENT_HANDSHAKE_TRAFFIC_SECRET"
    return TLS13Records(secrets[label])


def _expand_label(secret: bytes, label: bytes, size: int) -> bytes:
    """HKDF-Expand-Label of at most 32 bytes, without context (RFC 8446 §7.1)."""
    name = b"tls13 " + label
    info = size.to_bytes(2) + bytes([len(name)]) + name + b"\x00"
    return hmac.digest(secret, info + b"\x01", "sha256")[:size]
