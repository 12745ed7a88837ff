"""DER as a tree: parsed, changed at one of its nodes, and written again with lengths that fit.

ITU-T X.690 §8 and §10 (https://www.itu.int/rec/T-REC-X.690). A change so reaches the field that it is about,
where a changed byte would mostly break a length on the way. OCTET STRING and BIT STRING are opened where they
hold DER themselves, as extensions, keys and OCSP responses do.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
ENUMERATED, UTF8_STRING, PRINTABLE_STRING, TELETEX_STRING, IA5_STRING = 0x0A, 0x0C, 0x13, 0x14, 0x16
UTC_TIME, GENERALIZED_TIME, VISIBLE_STRING, UNIVERSAL_STRING, BMP_STRING = 0x17, 0x18, 0x1A, 0x1C, 0x1E
SEQUENCE, SET = 0x30, 0x31
_CONSTRUCTED = 0x20
_STRINGS = (UTF8_STRING, 0x12, PRINTABLE_STRING, TELETEX_STRING, IA5_STRING, VISIBLE_STRING)
_WIDE_STRINGS = (UNIVERSAL_STRING, BMP_STRING)
_LONGEST_TREE_BYTES = 64 * 1024


@dataclass
class Node:
    """One value. inner: what is within, parsed; otherwise content. unused: the first byte of a BIT STRING.

    length: written in place of the right one.
    """

    tag: int
    content: bytes = b""
    inner: list["Node"] | None = None
    unused: bytes = b""
    length: bytes | None = field(default=None)

    def __bytes__(self) -> bytes:
        content = self.content if self.inner is None else b"".join(map(bytes, self.inner))
        content = self.unused + content
        return bytes((self.tag,)) + (_length(len(content)) if self.length is None else self.length) + content

    def all(self) -> Iterator["Node"]:
        """This node and all below it."""
        yield self
        for each in self.inner or ():
            yield from each.all()


def parse(der: bytes) -> Node:
    """The one value that these bytes are. Raises ValueError."""
    nodes = _parsed(der)
    if len(nodes) != 1:
        raise ValueError("not one value")
    return nodes[0]


def node(tag: int, *content: Node | bytes) -> Node:
    """A value with these in it: other values, or bytes."""
    if content and all(isinstance(each, Node) for each in content):
        return Node(tag, inner=[each for each in content if isinstance(each, Node)])
    return Node(tag, b"".join(map(bytes, content)))


def oid(dotted: str) -> Node:
    """An OBJECT IDENTIFIER (X.690 §8.19)."""
    first, second, *rest = map(int, dotted.split("."))
    return Node(OID, b"".join(map(_base_128, (first * 40 + second, *rest))))


def _base_128(number: int) -> bytes:
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(number & 0x7F | 0x80)
    return bytes(reversed(groups))


def _length(size: int) -> bytes:
    if size < 0x80:
        return bytes((size,))
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(octets),)) + octets


def _parsed(der: bytes) -> list[Node]:
    nodes, position = [], 0
    while position < len(der):
        tag, first = der[position], der[position + 1] if position + 1 < len(der) else 0x80
        start = position + 2 + (first & 0x7F if first > 0x80 else 0)
        size = first if first < 0x80 else int.from_bytes(der[position + 2 : start], "big")
        end = start + size
        if first == 0x80 or tag & 0x1F == 0x1F or end > len(der):
            raise ValueError("not DER")
        nodes.append(_opened(tag, der[start:end]))
        position = end
    return nodes


def _opened(tag: int, content: bytes) -> Node:
    if tag & _CONSTRUCTED:
        return Node(tag, inner=_parsed(content))
    unused, within = (content[:1], content[1:]) if tag == BIT_STRING else (b"", content)
    if tag in (OCTET_STRING, BIT_STRING) and within[:1] in (b"\x30", b"\x31"):
        try:
            return Node(tag, inner=_parsed(within), unused=unused)
        except ValueError:
            pass
    return Node(tag, content)


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
IDENTIFIERS = tuple(
    bytes(oid(each))[2:]
    for each in (
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
) + (b"", b"\x80", b"\xff" * 12, b"\x2a\x80\x01")

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
        **dict.fromkeys((*_STRINGS, *_WIDE_STRINGS), TEXTS),
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
        *_STRINGS,
        *_WIDE_STRINGS,
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
    texts = [each for each in everything if each.tag in _STRINGS]
    place = chance.choice(texts) if texts else changed
    place.tag = chance.choice((*_STRINGS, *_WIDE_STRINGS, BIT_STRING))
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
    other = parsed_again(chance.choice(everything))
    if chance.random() < 0.1:
        for _ in range(chance.choice((2, 40, 300))):
            other = Node(SEQUENCE, inner=[other])
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
    added = chance.choice(EXTENSIONS)
    if not place.inner or chance.random() < 0.5:
        place.inner = [*(place.inner or ()), added]
    else:
        place.inner[chance.randrange(len(place.inner))] = added


CHANGES: tuple[Change, ...] = (
    other_content, other_content, other_time, other_tag, other_string, other_identifier, scrambled, wrong_length,
    lost, repeated, exchanged, replaced, more_extension, more_extension,
)  # fmt: skip


def changed(original: Node, chance: random.Random) -> Node:
    """The same with one to three changes. The original stays as it is."""
    tree = parsed_again(original)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        everything = list(tree.all())
        chance.choice(CHANGES)(chance.choice(everything), everything, chance)
        if len(bytes(tree)) > _LONGEST_TREE_BYTES:
            return parsed_again(original)
    return tree


def parsed_again(original: Node) -> Node:
    """A copy."""
    inner = None if original.inner is None else [parsed_again(each) for each in original.inner]
    return Node(original.tag, original.content, inner, original.unused, original.length)


def _is_extension(candidate: Node) -> bool:
    inner = candidate.inner or []
    return (
        candidate.tag == SEQUENCE
        and len(inner) in (2, 3)
        and (inner[0].tag, inner[-1].tag) == (OID, OCTET_STRING)
    )
