"""Token Status List: the bits, and the claim by which a token refers to one of them.

draft-ietf-oauth-status-list-21, Token Status List (TSL), of June 2026, the newest text there is: it was with
the IESG, and no RFC yet (https://datatracker.ietf.org/doc/html/draft-ietf-oauth-status-list-21). Here are the
list (§4.1), its JSON form (§4.2) and the reference of a JWT (§6.2). Not here: CBOR (§4.3), the signed list
(``resource_server.status_list`` verifies it).
"""

import base64
import binascii
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# §5.1 and §14.6.
TYPE = "statuslist+jwt"
MEDIA_TYPE = f"application/{TYPE}"

# §7.1: all other values say that a token is not, or not now, good.
VALID = 0
INVALID = 1

# §4.2.
BITS = (1, 2, 4, 8)
# What a few bytes can be decompressed to is limited: eight million statuses of one bit.
MOST_OCTETS = 1024 * 1024

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class StatusReference:
    """Where a token's status stands (§6.2). uri: the list's. index: of the token in it, from 0."""

    uri: str
    index: int


@dataclass(frozen=True, slots=True)
class StatusList:
    """The statuses of many tokens (§4.1). bits: how many each has. octets: not compressed."""

    bits: int
    octets: bytes

    def status(self, index: int) -> int:
        """The status of the token with this index, from the least significant bit on (§4.1).

        Raises IndexError beyond the end: §8.3 has such a token refused.
        """
        each = 8 // self.bits
        if not 0 <= index < len(self.octets) * each:
            raise IndexError("the index is beyond the end of the status list")
        octet = self.octets[index // each]
        return octet >> (index % each * self.bits) & ((1 << self.bits) - 1)

    def members(self) -> dict[str, Any]:
        """The value of ``status_list`` (§4.2)."""
        compressed = zlib.compress(self.octets, level=9)
        return {"bits": self.bits, "lst": base64.urlsafe_b64encode(compressed).rstrip(b"=").decode()}


def list_of_invalid(size: int, invalid: Iterable[int]) -> StatusList:
    """A list of one bit for each of so many tokens, of which those with these indices are invalid."""
    octets = bytearray(-(-size // 8))
    for index in invalid:
        octets[index // 8] |= INVALID << index % 8
    return StatusList(1, bytes(octets))


def status_list_of(members: object) -> StatusList:
    """The list in the ``status_list`` claim of a signed list (§4.2). Raises ValueError."""
    if not isinstance(members, Mapping):
        raise ValueError("status_list is no JSON object")
    bits, lst = members.get("bits"), members.get("lst")
    if not isinstance(bits, int) or isinstance(bits, bool) or bits not in BITS:
        raise ValueError("bits is none of 1, 2, 4, 8")
    if not isinstance(lst, str) or not _BASE64URL.fullmatch(lst):
        raise ValueError("lst is not base64url without padding")
    try:
        compressed = base64.urlsafe_b64decode(lst + "=" * (-len(lst) % 4))
    except binascii.Error:
        raise ValueError("lst is not base64url without padding") from None
    return StatusList(bits, _decompressed(compressed))


def reference_of(claims: Mapping[str, Any]) -> StatusReference | None:
    """What the claim ``status`` of a token refers to; None without the claim (§6.1, §6.2).

    Raises ValueError where it is malformed, and where it names other mechanisms only: a status that nobody
    here can look up is not taken for a good one.
    """
    if "status" not in claims:
        return None
    status = claims["status"]
    reference = status.get("status_list") if isinstance(status, Mapping) else None
    if not isinstance(reference, Mapping):
        raise ValueError("status has no status_list")
    index, uri = reference.get("idx"), reference.get("uri")
    if not isinstance(index, int) or isinstance(index, bool) or index < 0:
        raise ValueError("idx is no index")
    if not isinstance(uri, str) or not uri.startswith("https://"):
        raise ValueError("uri is no https address")
    return StatusReference(uri, index)


def _decompressed(compressed: bytes) -> bytes:
    """§4.1: DEFLATE in the ZLIB format, whole, and with nothing behind it."""
    stream = zlib.decompressobj()
    try:
        octets = stream.decompress(compressed, MOST_OCTETS + 1)
    except zlib.error:
        raise ValueError("lst is not compressed as ZLIB says") from None
    if len(octets) > MOST_OCTETS:
        raise ValueError("the status list is too long")
    if not stream.eof or stream.unused_data:
        raise ValueError("lst is cut off, or something stands behind it")
    return octets
