"""Names in certificates: parsed, compared, and told apart.

RFC 4514, LDAP: String Representation of Distinguished Names, §2 and §3
(https://www.rfc-editor.org/rfc/rfc4514); RFC 5280 §4.2.1.6 for subject alternative names
(https://www.rfc-editor.org/rfc/rfc5280). Attribute types are compared by OID, the order of the relative
names and the decoded values exactly; the string type of a value (PrintableString, UTF8String, ...) is
ignored. What is *not* done: RFC 4518 string preparation, so letter case and inner spaces count.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import NamedTuple

from cryptography import x509

from sender_constraint.core.attribute_types import oid_of, short_name_of

_ATTRIBUTE_TYPE = re.compile(r" *([A-Za-z][A-Za-z0-9-]*|(?:[Oo][Ii][Dd]\.)?[0-2](?:\.(?:0|[1-9][0-9]*))+)=")
_HEX_STRING = re.compile(r"#((?:[0-9A-Fa-f]{2})+)")
_HEX_PAIR = re.compile(r"[0-9A-Fa-f]{2}")
_ESCAPED = frozenset('"+,;<>\\ #=')
_NEVER_UNESCAPED = frozenset('"+,;<>\0')
# Unicode's categories of characters that a terminal obeys instead of showing them: controls, those that turn
# the direction of writing, other formats, line and paragraph separators, surrogates.
_OBEYED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})

_BIT_STRING = 0x03
# What cryptography takes each type of value for when it reads a certificate.
_STRING_ENCODINGS = {
    0x04: "utf-8",  # OCTET STRING, as in the example of RFC 4514 §4
    0x0C: "utf-8",  # UTF8String
    0x12: "ascii",  # NumericString
    0x13: "ascii",  # PrintableString
    0x14: "utf-8",  # TeletexString
    0x16: "ascii",  # IA5String
    0x1A: "ascii",  # VisibleString
    0x1C: "utf-32-be",  # UniversalString
    0x1E: "utf-16-be",  # BMPString
}


class Attribute(NamedTuple):
    """One type and value: the dotted OID, and the decoded text (octets only where it is a BIT STRING)."""

    oid: str
    value: str | bytes

    def __str__(self) -> str:
        value = self.value
        return f"{short_name_of(self.oid)}={_escaped(value) if isinstance(value, str) else '#' + value.hex()}"


@dataclass(frozen=True, slots=True)
class DistinguishedName:
    """A sequence of relative names in the order of their encoding: the reverse of the string's.

    Two are equal where rule and order say so; ``str()`` gives the RFC 4514 string.
    """

    relative_names: tuple[frozenset[Attribute], ...]

    def __str__(self) -> str:
        return ",".join(_relative_name_string(each) for each in reversed(self.relative_names))


def parse_distinguished_name(text: str) -> DistinguishedName:
    """A distinguished name from its RFC 4514 string, with short names in any case or dotted OIDs.

    Spaces before an attribute type are accepted too, as ``CN=partner, O=Partner Ltd`` is often written.
    Raises ValueError, with a message for people, for any other deviation and for the empty name, which
    identifies nobody.
    """
    relative_names: list[frozenset[Attribute]] = []
    attributes: list[Attribute] = []
    position = 0
    while True:
        attribute, position = _parse_attribute(text, position)
        if attribute in attributes:
            raise ValueError(f"{attribute} stands twice in one relative name")
        attributes.append(attribute)
        separator = text[position : position + 1]
        if separator != "+":
            relative_names.append(frozenset(attributes))
            attributes = []
        if not separator:
            return DistinguishedName(tuple(reversed(relative_names)))
        position += 1


def distinguished_name(name: x509.Name) -> DistinguishedName:
    """The same, from a parsed certificate's name."""
    return DistinguishedName(
        tuple(frozenset(Attribute(each.oid.dotted_string, each.value) for each in rdn) for rdn in name.rdns)
    )


def subject_of(certificate: x509.Certificate) -> DistinguishedName:
    """The subject of a certificate that ``certificate_checks.load_certificate`` returned."""
    return distinguished_name(certificate.subject)


def first_difference(expected: DistinguishedName, presented: DistinguishedName) -> str | None:
    """Where two names part, for the audit trail; None if they are the same name."""
    if expected == presented:
        return None
    if sorted(map(str, expected.relative_names)) == sorted(map(str, presented.relative_names)):
        return f"the order differs: expected {expected}, presented {presented}"
    pairs = zip(expected.relative_names, presented.relative_names, strict=False)
    for place, (wanted, found) in enumerate(pairs, start=1):
        if wanted != found:
            return (
                f"relative name {place}: expected {_relative_name_string(wanted)}, "
                f"presented {_relative_name_string(found)}"
            )
    common = min(len(expected.relative_names), len(presented.relative_names))
    missing, surplus = expected.relative_names[common:], presented.relative_names[common:]
    if missing:
        return f"relative name {common + 1}: expected {_relative_name_string(missing[0])}, presented none"
    return f"relative name {common + 1}: expected none, presented {_relative_name_string(surplus[0])}"


def dns_names(certificate: x509.Certificate) -> tuple[str, ...]:
    """The dNSName entries of the certificate's subject alternative name, as they are encoded."""
    names = alternative_names(certificate)
    return tuple(names.get_values_for_type(x509.DNSName)) if names else ()


def uris(certificate: x509.Certificate) -> tuple[str, ...]:
    """The uniformResourceIdentifier entries; they are compared exactly, with ``==``."""
    names = alternative_names(certificate)
    return tuple(names.get_values_for_type(x509.UniformResourceIdentifier)) if names else ()


def same_dns_name(expected: str, presented: str) -> bool:
    """Whether two DNS names are the same but for the case of ASCII letters; a wildcard matches itself only.

    Not ``str.lower``: that maps the Kelvin sign and others to ASCII letters.
    """
    return expected.encode().lower() == presented.encode().lower()


def alternative_names(certificate: x509.Certificate) -> x509.SubjectAlternativeName | None:
    """The subject alternative name; None where the certificate has none (RFC 5280 §4.2.1.6)."""
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None


def _parse_attribute(text: str, position: int) -> tuple[Attribute, int]:
    """One attributeTypeAndValue of RFC 4514 §3; returns the place behind it too."""
    attribute_type = _ATTRIBUTE_TYPE.match(text, position)
    if attribute_type is None:
        raise ValueError(f"an attribute type and '=' are expected at character {position + 1}")
    oid = oid_of(attribute_type[1])
    position = attribute_type.end()
    hex_string = _HEX_STRING.match(text, position)
    if hex_string is None:
        value, position = _parse_string(text, position)
        return Attribute(oid, value), position
    if text[hex_string.end() : hex_string.end() + 1] not in ("", ",", "+"):
        raise ValueError(f"the hexadecimal value at character {position + 1} is malformed")
    return Attribute(oid, _decode_value(bytes.fromhex(hex_string[1]))), hex_string.end()


def _parse_string(text: str, position: int) -> tuple[str, int]:
    """The string of RFC 4514 §3: pairs of hexadecimal digits are octets of UTF-8."""
    start = position
    octets = bytearray()
    last_is_bare_space = False
    while position < len(text) and text[position] not in ",+":
        character = text[position]
        if character == "\\":
            octet, position = _parse_pair(text, position + 1)
            octets += octet
            last_is_bare_space = False
            continue
        if character in _NEVER_UNESCAPED or (position == start and character in " #"):
            raise ValueError(f"{character!r} at character {position + 1} must be escaped")
        octets += character.encode()
        last_is_bare_space = character == " "
        position += 1
    if last_is_bare_space:
        raise ValueError(f"the space at character {position} ends a value, and must be escaped")
    return octets.decode(), position


def _parse_pair(text: str, position: int) -> tuple[bytes, int]:
    """What follows a backslash: a special character, or two hexadecimal digits."""
    if text[position : position + 1] in _ESCAPED:
        return text[position].encode(), position + 1
    pair = _HEX_PAIR.match(text, position)
    if pair is None:
        raise ValueError(f"the escape at character {position} is malformed")
    return bytes.fromhex(pair[0]), pair.end()


def _decode_value(encoded: bytes) -> str | bytes:
    """The value within its BER encoding (RFC 4514 §2.4), with a definite length."""
    tag, first = encoded[0], encoded[1] if len(encoded) > 1 else 0x80
    # X.690 §8.1.3: the short form, or the number of the length's own octets; 0x80 alone is indefinite.
    content_at = 2 if first < 0x80 else 2 + (first & 0x7F)
    length = first if first < 0x80 else int.from_bytes(encoded[2:content_at], "big")
    content = encoded[content_at:]
    if first == 0x80 or content_at > len(encoded) or length != len(content):
        raise ValueError("a hexadecimal value is no complete BER encoding")
    if tag == _BIT_STRING:
        return content
    if tag not in _STRING_ENCODINGS:
        raise ValueError("a hexadecimal value is not of a string type")
    return content.decode(_STRING_ENCODINGS[tag])


def _relative_name_string(attributes: frozenset[Attribute]) -> str:
    return "+".join(sorted(map(str, attributes)))


def _escaped(value: str) -> str:
    """The value as RFC 4514 §2.4 writes it; what could forge a line of output is written in octets too."""
    escaped = re.sub(r'(["+,;<>\\])', r"\\\1", value)
    if not escaped.isprintable():
        escaped = "".join(
            _octets(each) if unicodedata.category(each) in _OBEYED else each for each in escaped
        )
    if escaped.endswith(" "):
        escaped = escaped[:-1] + "\\ "
    return "\\" + escaped if value[:1] in ("#", " ") and value != " " else escaped


def _octets(character: str) -> str:
    """RFC 4514 §2.4: each octet of its UTF-8 as a backslash and two hexadecimal digits."""
    return "".join(f"\\{octet:02x}" for octet in character.encode(errors="surrogatepass"))
