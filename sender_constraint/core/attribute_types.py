"""Attribute types of distinguished names: short names and OIDs.

RFC 4519 and RFC 4514 §3 for LDAP's own; CA/Browser Forum EV guidelines and ETSI EN 319 412-1 for those
of companies, which certificates of open banking carry; OpenSSL's and Java's spellings beside them.
"""

_SHORT_NAMES: dict[str, tuple[str, ...]] = {
    # The first is the one that is printed.
    "2.5.4.3": ("CN", "commonName"),
    "2.5.4.4": ("SN", "surname"),
    "2.5.4.5": ("serialNumber",),
    "2.5.4.6": ("C", "countryName"),
    "2.5.4.7": ("L", "localityName"),
    "2.5.4.8": ("ST", "S", "stateOrProvinceName"),
    "2.5.4.9": ("STREET", "streetAddress"),
    "2.5.4.10": ("O", "organizationName"),
    "2.5.4.11": ("OU", "organizationalUnitName"),
    "2.5.4.12": ("title", "T"),
    "2.5.4.13": ("description",),
    "2.5.4.15": ("businessCategory",),
    "2.5.4.16": ("postalAddress",),
    "2.5.4.17": ("postalCode",),
    "2.5.4.18": ("postOfficeBox",),
    "2.5.4.20": ("telephoneNumber",),
    "2.5.4.41": ("name",),
    "2.5.4.42": ("GN", "givenName"),
    "2.5.4.43": ("initials",),
    "2.5.4.44": ("generationQualifier", "generation"),
    "2.5.4.45": ("x500UniqueIdentifier",),
    "2.5.4.46": ("dnQualifier", "DNQ"),
    "2.5.4.65": ("pseudonym",),
    "2.5.4.97": ("organizationIdentifier",),
    "0.9.2342.19200300.100.1.1": ("UID", "userId"),
    "0.9.2342.19200300.100.1.25": ("DC", "domainComponent"),
    "1.2.840.113549.1.9.1": ("emailAddress", "E", "email"),
    "1.2.840.113549.1.9.2": ("unstructuredName",),
    "1.2.840.113549.1.9.8": ("unstructuredAddress",),
    "1.3.6.1.4.1.311.60.2.1.1": (
        "jurisdictionL",
        "jurisdictionLocalityName",
        "jurisdictionOfIncorporationLocalityName",
    ),
    "1.3.6.1.4.1.311.60.2.1.2": (
        "jurisdictionST",
        "jurisdictionStateOrProvinceName",
        "jurisdictionOfIncorporationStateOrProvinceName",
    ),
    "1.3.6.1.4.1.311.60.2.1.3": (
        "jurisdictionC",
        "jurisdictionCountryName",
        "jurisdictionOfIncorporationCountryName",
    ),
}
_OIDS = {name.lower(): oid for oid, names in _SHORT_NAMES.items() for name in names}


def oid_of(attribute_type: str) -> str:
    """The dotted OID of a short name in any case, of ``OID.2.5.4.3``, or of an OID itself.

    Raises ValueError if the short name is unknown.
    """
    name = attribute_type.lower().removeprefix("oid.")
    if name[:1].isdigit():
        return name
    if name not in _OIDS:
        raise ValueError(f"the attribute type {attribute_type!r} is unknown; write its OID")
    return _OIDS[name]


def short_name_of(oid: str) -> str:
    """The short name that is printed for an OID; the OID itself where there is none."""
    return _SHORT_NAMES.get(oid, (oid,))[0]
