"""The Idempotency-Key header: the same key and content give the same outcome, other content is refused.

draft-ietf-httpapi-idempotency-key-header-07. A key belongs to the client that sent it (§2.2), and is kept as
long as payments are (§2.3). Its value is a string of RFC 9651, in quotation marks; bare, as many clients
send it, it means the same. A request that is refused before the database is asked does not use its key up.

https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header-07
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bank_api.payments.models import IdempotencyRecord
from sender_constraint.core.rules import enforces, rule
from sender_constraint.django.problems import BadRequest, UnprocessableContent

_SEND_KEY = "Send an Idempotency-Key header with 1 to 128 characters, such as a UUID, new for each payment."

KEY_MISSING = rule(
    "idempotency.key-missing",
    "draft-ietf-httpapi-idempotency-key-header-07 §2.7",
    "The Idempotency-Key header is missing.",
).explained("an Idempotency-Key header", "no such header", _SEND_KEY)
KEY_MALFORMED = rule(
    "idempotency.key-malformed",
    "draft-ietf-httpapi-idempotency-key-header-07 §2.1",
    "The Idempotency-Key is not one valid string of 1 to 128 characters.",
).explained(
    "one key of 1 to 128 letters, digits and -._~:/+=",
    "an invalid header of {presented_characters} characters, or two headers",
    _SEND_KEY,
)
KEY_REUSED = rule(
    "idempotency.key-reused",
    "draft-ietf-httpapi-idempotency-key-header-07 §2.7",
    "The Idempotency-Key was already used with different content.",
).explained(
    "the content that the key was first used with (SHA-256 {expected})",
    "different content (SHA-256 {presented})",
    "Use a new key for a new payment; to retry a payment, send exactly the same content.",
)

_KEY = re.compile(r'("?)(?P<key>[A-Za-z0-9\-._~:/+=]{1,128})\1', re.ASCII)


class KeyMissing(BadRequest):
    """A payment without a key could not be told from its own retry."""

    code = "idempotency_key_missing"
    type_uri = "urn:example:bank:problem:idempotency-key-missing"
    title = "Idempotency-Key is missing"


class KeyMalformed(BadRequest):
    """The header holds no single key."""

    code = "idempotency_key_malformed"
    type_uri = "urn:example:bank:problem:idempotency-key-malformed"
    title = "Idempotency-Key is malformed"


class KeyReused(UnprocessableContent):
    """One key, two contents: one of them would be lost."""

    code = "idempotency_key_reused"
    type_uri = "urn:example:bank:problem:idempotency-key-reused"
    title = "Idempotency-Key is already used"


def idempotency_key(header: str | None) -> str:
    """The key in the header's value. Raises KeyMissing or KeyMalformed."""
    check_key_present(header)
    check_key_syntax(header or "")
    match = _KEY.fullmatch(header or "")
    return match["key"] if match else ""


def fingerprint_of(content: Mapping[str, Any]) -> str:
    """SHA-256, hexadecimal, of the content as JSON with sorted names (§2.4): layout does not count."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def claim(client_id: str, key: str, fingerprint: str, now: datetime) -> tuple[IdempotencyRecord, bool]:
    """The record of a client's key, and whether this call made it. Inside a transaction only.

    Whoever comes second waits, in the database, for the transaction of the first: if that one commits, its
    record is found; if it crashes, its key was never used. Raises KeyReused for another content.
    """
    claimed = IdempotencyRecord(client_id=client_id, key=key, fingerprint=fingerprint, created_at=now)
    IdempotencyRecord.objects.bulk_create([claimed], ignore_conflicts=True)
    record = IdempotencyRecord.objects.select_related("payment__debtor_account").get(
        client_id=client_id, key=key
    )
    check_same_content(record, fingerprint)
    return record, record.pk == claimed.pk


@enforces(KEY_MISSING)
def check_key_present(header: str | None) -> None:
    """§2.7: 400 where the key is required and missing."""
    if header is None:
        raise KeyMissing(KEY_MISSING, "This operation requires an Idempotency-Key")


@enforces(KEY_MALFORMED)
def check_key_syntax(header: str) -> None:
    """§2.1: one string. Several headers arrive joined by commas, which no key has."""
    if not _KEY.fullmatch(header):
        raise KeyMalformed(
            KEY_MALFORMED,
            "The Idempotency-Key must be 1 to 128 letters, digits or -._~:/+=",
            presented_characters=len(header),
        )


@enforces(KEY_REUSED)
def check_same_content(record: IdempotencyRecord, fingerprint: str) -> None:
    """§2.7: 422 where a key comes back with another payload."""
    if record.fingerprint != fingerprint:
        raise KeyReused(
            KEY_REUSED,
            "The Idempotency-Key was already used for another request",
            expected=record.fingerprint,
            presented=fingerprint,
        )
