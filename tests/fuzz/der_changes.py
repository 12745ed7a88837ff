"""What is changed in a DER tree: times, texts, numbers, identifiers, tags, lengths, extensions, order."""

import random
from collections.abc import Callable, Sequence

from tests.fuzz.der import (
    BIT_STRING,
    BOOLEAN,
    ENUMERATED,
    GENERALIZED_TIME,
    INTEGER,
    NULL,
    OCTET_STRING,
    OID,
    SEQUENCE,
    SET,
    STRINGS,
    UTC_TIME,
    WIDE_STRINGS,
    Node,
    copy,
    node,
    oid,
)

LONGEST_TREE_BYTES = 64 * 1024

# What is known to trouble parsers, by the type that it takes the place of.
TIMES = (
    b"00000101000000Z",
    b"00010101000000Z",
    b"99991231235959Z",
    b"20260230000000Z",
    b"20261301000000Z",
    b"20260101246060Z",
    b"20260101000000",
    b"20260101000000.5Z",
    b"20260101000000+0100",
    b"-0010101000000Z",
    b"260101000000Z",
    b"491231235959Z",
    b"500101000000Z",
    b"2601010000Z",
    b"\xff" * 15,
    b"",
)
TEXTS = (
    b"",
    b"\x00",
    b"a\x00b",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\xd8\x00",
    b"\x00\xd8\x00\x00",
    b"\x00\x11\x00\x00",
    b"\xe2\x80\xae",
    b"*.example",
    b"xn--\xff",
    b"\xe2\x84\xaa",
    b"http://[",
    b"a@b@c",
    b"GBR",
    b"x" * 300,
    b"\r\n",
)
NUMBERS = (
    b"",
    b"\x00",
    b"\x80",
    b"\xff",
    b"\x00\x01",
    b"\x7f" + b"\xff" * 20,
    b"\x80" + b"\x00" * 40,
    b"\x05" * 200,
)
_KNOWN = (
    "1.2.3.4",
    "2.5.4.3",  # commonName
    "2.5.4.6",  # countryName
    "2.5.4.45",  # x500UniqueIdentifier
    "2.5.29.15",  # key usage
    "2.5.29.17",  # subject alternative name
    "2.5.29.19",  # basic constraints
    "2.5.29.37",  # extended key usage
    "2.5.29.31",  # CRL distribution points
    "2.5.29.32",  # certificate policies
    "2.5.29.30",  # name constraints
    "2.5.29.35",  # authority key identifier
    "2.5.29.9",  # subject directory attributes
    "1.3.6.1.5.5.7.1.24",  # TLS feature
    "1.3.6.1.5.5.7.1.1",  # authority information access
    "1.3.6.1.4.1.11129.2.4.2",  # signed certificate timestamps
    "1.3.6.1.5.5.7.48.1.2",  # OCSP nonce
    "1.2.840.10045.2.1",  # EC key
    "1.2.840.10045.3.1.7",  # P-256
    "1.3.132.0.33",  # P-224
    "1.2.840.113549.1.1.1",  # RSA key
    "1.2.840.113549.1.1.10",  # RSASSA-PSS
    "1.2.840.113549.1.1.5",  # sha1WithRSA
    "1.2.840.10045.4.3.2",  # ecdsa-with-SHA256
    "1.2.840.10040.4.1",  # DSA
    "1.3.101.112",  # Ed25519
    "2.16.840.1.101.3.4.3.17",  # ML-DSA-44
    "2.16.840.1.101.3.4.2.1",  # SHA-256
)
IDENTIFIERS = (*(oid(each).content for each in _KNOWN), b"", b"\x80", b"\xff" * 12, b"\x2a\x80\x01")

Change = Callable[[Node, list[Node], random.Random], None]


def extension(dotted: str, *value: Node | bytes) -> Node:
    """An extension (RFC 5280 §4.1): not critical."""
    return node(SEQUENCE, oid(dotted), Node(OCTET_STRING, b"".join(map(bytes, value))))


# Each has a value that its type allows, or nearly, and that a library may not know.
EXTENSIONS = (
    extension("1.3.6.1.5.5.7.1.24", node(SEQUENCE, Node(INTEGER, b"\x63"))),
    extension("1.3.6.1.5.5.7.1.24", node(SEQUENCE, Node(INTEGER, b"\x00" + b"\xff" * 9))),
    extension("2.5.29.17", node(SEQUENCE, Node(0x83, b"\x30\x00"))),
    extension("2.5.29.17", node(SEQUENCE, Node(0x87, b"\x7f\x00\x01"))),
    extension("2.5.29.17", node(SEQUENCE, Node(0x88, b"\x80"))),
    extension("2.5.29.17", node(SEQUENCE, node(0xA0, oid("1.2.3"), node(0xA0, Node(NULL))))),
    extension(
        "2.5.29.17",
        node(
            SEQUENCE,
            node(0xA4, node(SEQUENCE, node(SET, node(SEQUENCE, oid("2.5.4.3"), Node(BIT_STRING, b"\x00a"))))),
        ),
    ),
    extension("2.5.29.19", node(SEQUENCE, Node(BOOLEAN, b"\xff"), Node(INTEGER, b"\x7f" * 12))),
    extension("2.5.29.15", Node(BIT_STRING, b"\x07\xff\xff\xff")),
    extension("2.5.29.37", node(SEQUENCE)),
    extension(
        "2.5.29.30",
        node(SEQUENCE, node(0xA0, node(SEQUENCE, Node(0x87, b"\x7f\x00\x00\x01\xff\x00\xff\x00")))),
    ),
    extension(
        "2.5.29.32",
        node(SEQUENCE, node(SEQUENCE, oid("1.2.3"), node(SEQUENCE, node(SEQUENCE, oid("1.2"), Node(NULL))))),
    ),
    extension("2.5.29.31", node(SEQUENCE, node(SEQUENCE, Node(0x81, b"\x00\xff\xff")))),
    extension("2.5.29.21", Node(ENUMERATED, b"\x63")),
    extension("2.5.29.24", Node(GENERALIZED_TIME, b"00000101000000Z")),
    extension("2.5.29.16", node(SEQUENCE, Node(0x80, b"00000101000000Z"))),
    extension("1.3.6.1.4.1.11129.2.4.2", Node(OCTET_STRING, b"\x00\x04\x00\x02\xff\xff")),
    extension("1.3.6.1.5.5.7.48.1.2", Node(OCTET_STRING, b"")),
    extension("1.3.6.1.5.5.7.48.1.2", Node(INTEGER, b"\x01")),
    extension("2.5.29.9", node(SEQUENCE)),
    extension("2.5.29.54", Node(INTEGER, b"\x80")),
    extension("2.5.29.36", node(SEQUENCE)),
    extension("2.5.29.20", Node(INTEGER, b"\xff" * 30)),
    extension("1.2.3.4.5", b"\xff"),
)


def other_content(changed: Node, _all: list[Node], chance: random.Random) -> None:
    """A value that its own type troubles with."""
    by_tag: dict[int, Sequence[bytes]] = {
        UTC_TIME: TIMES, GENERALIZED_TIME: TIMES, OID: IDENTIFIERS, INTEGER: NUMBERS, ENUMERATED: NUMBERS,
        BOOLEAN: (b"", b"\x01", b"\xff\xff"), NULL: (b"\x00",),
        BIT_STRING: (b"", b"\x08", b"\x07\xff", b"\x00", b"\x00" * 65),
        **dict.fromkeys((*STRINGS, *WIDE_STRINGS), TEXTS),
    }  # fmt: skip
    changed.inner, changed.unused = None, b""
    changed.content = chance.choice(by_tag.get(changed.tag, (*TEXTS, *NUMBERS, *TIMES)))


def other_time(changed: Node, everything: list[Node], chance: random.Random) -> None:
    """A time of the other kind too: GeneralizedTime has a year 0000."""
    times = [each for each in everything if each.tag in (UTC_TIME, GENERALIZED_TIME)]
    place = chance.choice(times) if times else changed
    place.tag, place.content, place.inner = (
        chance.choice((UTC_TIME, GENERALIZED_TIME)),
        chance.choice(TIMES),
        None,
    )


def other_tag(changed: Node, _all: list[Node], chance: random.Random) -> None:
    tags = (
        *STRINGS,
        *WIDE_STRINGS,
        BIT_STRING,
        INTEGER,
        OCTET_STRING,
        SEQUENCE,
        SET,
        NULL,
        BOOLEAN,
        ENUMERATED,
    )
    changed.tag = chance.choice((*tags, *range(0x80, 0x8A), *range(0xA0, 0xAA), chance.randrange(256)))


def other_string(changed: Node, everything: list[Node], chance: random.Random) -> None:
    """A text as another type of string, or as a BIT STRING."""
    texts = [each for each in everything if each.tag in STRINGS]
    place = chance.choice(texts) if texts else changed
    place.tag = chance.choice((*STRINGS, *WIDE_STRINGS, BIT_STRING))
    if chance.random() < 0.5:
        place.content, place.inner = chance.choice(TEXTS), None


def other_identifier(changed: Node, everything: list[Node], chance: random.Random) -> None:
    identifiers = [each for each in everything if each.tag == OID]
    place = chance.choice(identifiers) if identifiers else changed
    place.content, place.inner = chance.choice(IDENTIFIERS), None


def scrambled(changed: Node, _all: list[Node], chance: random.Random) -> None:
    content = bytearray(bytes(changed)[2:] or b"\x00")
    for _ in range(chance.randint(1, 3)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    changed.content, changed.inner, changed.unused = bytes(content), None, b""


def wrong_length(changed: Node, _all: list[Node], chance: random.Random) -> None:
    changed.length = chance.choice(
        (b"\x00", b"\x80", b"\x7f", b"\x81\x01", b"\x82\xff\xff", b"\x84\xff\xff\xff\xff", b"\xff")
    )


def lost(changed: Node, _all: list[Node], chance: random.Random) -> None:
    if changed.inner:
        del changed.inner[chance.randrange(len(changed.inner))]


def repeated(changed: Node, _all: list[Node], chance: random.Random) -> None:
    if changed.inner:
        place = chance.randrange(len(changed.inner))
        changed.inner[place:place] = [changed.inner[place]] * chance.choice((1, 1, 1, 30))


def exchanged(changed: Node, _all: list[Node], chance: random.Random) -> None:
    if changed.inner:
        chance.shuffle(changed.inner)


def replaced(changed: Node, everything: list[Node], chance: random.Random) -> None:
    """By what stands elsewhere, or deep within itself."""
    other = copy(chance.choice(everything))
    if chance.random() < 0.1:
        for _ in range(chance.choice((2, 40, 300))):
            other = Node(SEQUENCE, bytes(other))
    changed.tag, changed.content, changed.inner, changed.unused = (
        other.tag,
        other.content,
        other.inner,
        other.unused,
    )


def more_extension(changed: Node, everything: list[Node], chance: random.Random) -> None:
    """One more extension, or one in the place of another."""
    lists = [each for each in everything if each.inner and all(map(_is_extension, each.inner))]
    place = chance.choice(lists) if lists else changed
    added = copy(chance.choice(EXTENSIONS))
    if not place.inner or chance.random() < 0.5:
        place.inner = [*(place.inner or ()), added]
    else:
        place.inner[chance.randrange(len(place.inner))] = added


CHANGES: tuple[Change, ...] = (
    other_content, other_content, other_time, other_tag, other_string, other_identifier, scrambled,
    wrong_length, lost, repeated, exchanged, replaced, more_extension, more_extension,
)  # fmt: skip


def changed(original: Node, chance: random.Random) -> Node:
    """The same with one to three changes. The original stays as it is."""
    tree = copy(original)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        everything = list(tree.all())
        chance.choice(CHANGES)(chance.choice(everything), everything, chance)
        if len(bytes(tree)) > LONGEST_TREE_BYTES:
            return copy(original)
    return tree


def _is_extension(candidate: Node) -> bool:
    inner = candidate.inner or []
    return (
        candidate.tag == SEQUENCE
        and len(inner) in (2, 3)
        and (inner[0].tag, inner[-1].tag) == (OID, OCTET_STRING)
    )
