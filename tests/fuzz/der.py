"""DER as a tree: parsed, changed at one of its nodes, and written again with lengths that fit.

ITU-T X.690 §8 and §10 (https://www.itu.int/rec/T-REC-X.690). A change so reaches the field that it is about,
where a changed byte would mostly break a length on the way. OCTET STRING and BIT STRING are opened where they
hold DER themselves, as extensions, keys and OCSP responses do.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
ENUMERATED, UTF8_STRING, PRINTABLE_STRING, TELETEX_STRING, IA5_STRING = 0x0A, 0x0C, 0x13, 0x14, 0x16
UTC_TIME, GENERALIZED_TIME, VISIBLE_STRING, UNIVERSAL_STRING, BMP_STRING = 0x17, 0x18, 0x1A, 0x1C, 0x1E
SEQUENCE, SET = 0x30, 0x31
_CONSTRUCTED = 0x20
STRINGS = (UTF8_STRING, 0x12, PRINTABLE_STRING, TELETEX_STRING, IA5_STRING, VISIBLE_STRING)
WIDE_STRINGS = (UNIVERSAL_STRING, BMP_STRING)


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


def copy(original: Node) -> Node:
    """The same once more: changing it leaves the original as it is."""
    inner = None if original.inner is None else [copy(each) for each in original.inner]
    return Node(original.tag, original.content, inner, original.unused, original.length)
