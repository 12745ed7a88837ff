"""What a thief finds who copied a party's memory, disk, database or queue: everything but private keys.

The folders, databases and queues are those of an environment on this machine; elsewhere there is nothing to
copy, and LookupError is raised.
"""

import gc
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import redis
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.client.caller import Caller, CallerSettings
from sender_constraint.client.token_source import AccessToken, TokenRequest
from sender_constraint.jose import jws
from workshop.environment.deployment import Deployment

# As a token, a secret or a password looks: letters that a header takes (RFC 6750 §2.1), and not a short word.
_CREDENTIAL = re.compile(r"[A-Za-z0-9\-._~+/]{16,}=*")
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)

STATEMENT = "software-statement+jwt"

KEPT_OF_EACH = 4
KEY_FILE = "private-key.pem"


@dataclass(frozen=True)
class Dump:
    """What was found somewhere.

    texts: of each file, column or entry, by its name.
    """

    texts: dict[str, list[str]]

    def credentials(self, of_each: int = KEPT_OF_EACH) -> list[str]:
        """What could be a credential: so many of each file, column or entry, each once."""
        found: dict[str, None] = {}
        for texts in self.texts.values():
            words = (word for text in texts for word in _CREDENTIAL.findall(_without_statements(text)))
            found.update(dict.fromkeys(islice(words, of_each)))
        return list(found)

    def tokens(self) -> list[str]:
        """What is a token."""
        return [token for text in self._all() for token in _JWT.findall(_without_statements(text))]

    def private_keys(self) -> list[str]:
        """The names of what holds a private key."""
        return [name for name, texts in self.texts.items() if any(map(_PRIVATE_KEY.search, texts))]

    def certificates(self) -> list[x509.Certificate]:
        """Certificates, each once."""
        pem = dict.fromkeys(each for text in self._all() for each in _PEM.findall(text))
        return [x509.load_pem_x509_certificate(each.encode()) for each in pem]

    def _all(self) -> Iterator[str]:
        return (text for texts in self.texts.values() for text in texts)


@dataclass(frozen=True)
class Dumps:
    """Copies what the parties of one environment keep."""

    deployment: Deployment

    def tokens_in_memory(self) -> list[str]:
        """The tokens that the partner's own code holds while it works; its key is OpenSSL's, and left out."""
        deployment = self.deployment
        settings = CallerSettings(
            deployment.issuer, TokenRequest("partner", resource=deployment.api_url), deployment.trust_bundle
        )
        store = GenerationStore(deployment.certificate_store("partner_client"))
        with Caller(store, settings) as caller:
            caller.request("GET", f"{deployment.api_url}/accounts")
            return [each.value for each in gc.get_objects() if type(each) is AccessToken]

    def disk(self, party: str) -> Dump:
        """All files of a party, but its private keys."""
        root = self._folder(party)
        files = (file for file in sorted(root.rglob("*")) if file.is_file() and file.name != KEY_FILE)
        return Dump({str(file.relative_to(root)): [file.read_text(errors="replace")] for file in files})

    def database(self, service: str) -> Dump:
        """All rows of a service's database."""
        file = self._folder(service) / "database.sqlite3"
        if not file.exists():
            raise LookupError(f"the database of {service} is not a file on this machine")
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as database:
            return Dump(dict(_columns(database)))

    def queues(self) -> Dump:
        """All that is in the queues of every service."""
        found: dict[str, list[str]] = {}
        for service in ("ca", "authserver", "bank_api", "partner_client"):
            connect: Any = redis.Redis.from_url  # without types
            with closing(connect(_queue_of(self._folder(service)))) as queue:
                found.update({f"{service} {name}": texts for name, texts in _entries(queue)})
        return Dump(found)

    def _folder(self, party: str) -> Path:
        folder = self.deployment.states[party]
        if not folder.exists():
            raise LookupError(f"the folder of {party} is not on this machine")
        return folder


def _without_statements(text: str) -> str:
    """The text without software statements (RFC 7591 §2.3): they open nothing, and anybody may see them."""
    return _JWT.sub(lambda found: "" if _is_statement(found[0]) else found[0], text)


def _is_statement(token: str) -> bool:
    try:
        return jws.header_of(token).get("typ") == STATEMENT
    except ValueError:
        return False


def _queue_of(folder: Path) -> str:
    """The address of a service's queue, with its password: it stands among the service's settings."""
    settings = (folder / "service.env").read_text()
    return next(line.partition("=")[2] for line in settings.splitlines() if line.startswith("REDIS_URL="))


def _columns(database: sqlite3.Connection) -> Iterator[tuple[str, list[str]]]:
    tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in tables:
        rows = database.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - the name is the database's own
        names = [column[0] for column in rows.description]
        for name, values in zip(names, zip(*rows.fetchall(), strict=True), strict=False):
            yield f"{table}.{name}", [_text(value) for value in values]


def _entries(queue: Any) -> Iterator[tuple[str, list[str]]]:
    readers: dict[bytes, Callable[[bytes], Any]] = {
        b"string": lambda key: [queue.get(key)],
        b"list": lambda key: queue.lrange(key, 0, -1),
        b"set": lambda key: queue.smembers(key),
        b"zset": lambda key: queue.zrange(key, 0, -1),
        b"hash": lambda key: [each for pair in queue.hgetall(key).items() for each in pair],
    }
    for key in sorted(queue.keys()):
        reader = readers.get(queue.type(key))
        values = reader(key) if reader else []
        yield _text(key), [_text(key), *(_text(value) for value in values if value is not None)]


def _text(value: object) -> str:
    """A value as text; bytes that are a certificate as PEM."""
    if not isinstance(value, bytes):
        return str(value)
    try:
        certificate = x509.load_der_x509_certificate(value)
    except ValueError:
        return value.decode(errors="replace")
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
