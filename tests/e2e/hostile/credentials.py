"""Certificates that are bad, too big or odd, with keys that sign: TLS asks for nothing more."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from math import gcd, lcm, prod
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from workshop.forgery import mismatched_key
from workshop.private_files import write_private
from workshop.wire import Credentials

DAY = timedelta(days=1)
NOISE = x509.ObjectIdentifier("1.3.6.1.4.1.32473.1")  # RFC 5612: for documentation
LONG_RSA_BITS = 16_384

_FOR_CLIENTS = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
_SIGNS_CERTIFICATES = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)

Signing = CertificateIssuerPrivateKeyTypes

CURVES: Mapping[str, Callable[[], Signing]] = {
    "brainpoolP256r1": lambda: ec.generate_private_key(ec.BrainpoolP256R1()),
    "secp256k1": lambda: ec.generate_private_key(ec.SECP256K1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "Ed448": ed448.Ed448PrivateKey.generate,
    "ML-DSA-87": mldsa.MLDSA87PrivateKey.generate,
}


def self_signed(
    key: Signing, *, subject: x509.Name | None = None, names: Sequence[x509.GeneralName] = (), noise: int = 0
) -> x509.Certificate:
    """A client's certificate signed by itself. noise: bytes of an extension that nobody knows."""
    # A long subject is not repeated as the issuer: it would be too long for OpenSSL, which reads 100 KiB.
    name = named("partner")
    builder = _builder(subject or name, name, key).add_extension(_FOR_CLIENTS, critical=False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if noise:
        extension = x509.UnrecognizedExtension(NOISE, bytes(noise))
        builder = builder.add_extension(extension, critical=False)
    hashed = isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
    return builder.sign(key, hashes.SHA256() if hashed else None)


def line_of_issuers(key: Signing, length: int) -> list[x509.Certificate]:
    """``length`` certificates, each issued by the next, the key's own first; the last has no issuer here."""
    keys = [key, *(p256() for _ in range(length))]
    return [
        _issued(named(f"number {number}"), named(f"number {number + 1}"), keys[number], keys[number + 1])
        for number in range(length)
    ]


def cross_certified(key: Signing, exponent_bits: int) -> list[x509.Certificate]:
    """A certificate and nine issuers of one name and key, so that each may be the issuer of each other.

    A verifier finds 9⁸ paths of eight steps. exponent_bits: of the RSA key of 3,072 bits by which all of
    their signatures are checked; OpenSSL takes exponents as long as that.
    """
    issuer = rsa_key_with_exponent_of(exponent_bits)
    name = named("one another")
    return [
        _issued(named("partner"), name, key, issuer),
        *(_issued(name, name, issuer, issuer) for _ in range(9)),
    ]


def named(common_name: str) -> x509.Name:
    """A name of one part."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _issued(
    subject: x509.Name, issuer: x509.Name, key: Signing, issuer_key: CertificateIssuerPrivateKeyTypes
) -> x509.Certificate:
    """An authority's certificate where the issuer is one of its own kind, a client's for the first."""
    is_client = subject in (named("partner"), named("number 0"))
    builder = _builder(subject, issuer, key).add_extension(
        x509.BasicConstraints(ca=not is_client, path_length=None), critical=True
    )
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    builder = builder.add_extension(own, critical=False).add_extension(above, critical=False)
    if is_client:
        builder = builder.add_extension(_FOR_CLIENTS, critical=False)
    else:
        builder = builder.add_extension(_SIGNS_CERTIFICATES, critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


def _builder(subject: x509.Name, issuer: x509.Name, key: Signing) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
    )


def rsa_key_with_exponent_of(bits: int) -> rsa.RSAPrivateKey:
    """An RSA key of 3,072 bits whose public exponent has this many bits."""
    made = rsa.generate_private_key(65537, 3072).private_numbers()
    order = lcm(made.p - 1, made.q - 1)
    e = next(each for each in count(2 ** (bits - 1) + 1, 2) if gcd(each, order) == 1)
    return _rsa_key(made.p, made.q, made.p - 1, made.q - 1, e)


def p256() -> ec.EllipticCurvePrivateKey:
    """A key as everyone has it."""
    return ec.generate_private_key(ec.SECP256R1())


def long_rsa_key() -> rsa.RSAPrivateKey:
    """An RSA key of 16,384 bits that signs, in a second: its modulus has sixteen primes (RFC 8017 §3.2).

    Two such long primes would take minutes. OpenSSL is given two factors, and works modulo each of them with
    the exponents that belong to its eight primes.
    """
    short = [rsa.generate_private_key(65537, 2048).private_numbers() for _ in range(7)]
    while True:
        product = prod(each.p * each.q for each in short)
        last = rsa.generate_private_key(65537, LONG_RSA_BITS - product.bit_length() + 1).private_numbers()
        if (product * last.p * last.q).bit_length() == LONG_RSA_BITS:
            break
    left, right = [each.p for each in [*short, last]], [each.q for each in [*short, last]]
    p, q = prod(left), prod(right)
    order_p, order_q = lcm(*(prime - 1 for prime in left)), lcm(*(prime - 1 for prime in right))
    return _rsa_key(p, q, order_p, order_q, 65537)


def _rsa_key(p: int, q: int, order_p: int, order_q: int, e: int) -> rsa.RSAPrivateKey:
    """order_p, order_q: of the numbers that have no divisor with p, or q, as a group (p - 1 for a prime)."""
    d = pow(e, -1, lcm(order_p, order_q))
    numbers = rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=d % order_p,
        dmq1=d % order_q,
        iqmp=pow(q, -1, p),
        public_numbers=rsa.RSAPublicNumbers(e, p * q),
    )
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


def long_name(size: int) -> x509.Name:
    """A name of many parts, of ``size`` bytes and some more: a single part may have no more than 64."""
    part = x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "x" * 64)
    return x509.Name([part] * (size // 64))


class Files:
    """Writes credentials into a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written = 0

    def write(self, key: Signing, *certificates: x509.Certificate) -> Credentials:
        """A key, and what is presented with it, the key's own certificate first."""
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return self._write(pem, certificates)

    def without_the_key(self, certificate: x509.Certificate) -> Credentials:
        """Another key than the certificate's, which TLS finds out."""
        return self._write(mismatched_key(certificate), [certificate])

    def _write(self, key_pem: bytes, certificates: Sequence[x509.Certificate]) -> Credentials:
        self._written += 1
        chain = b"".join(each.public_bytes(Encoding.PEM) for each in certificates)
        return Credentials(
            write_private(self._folder / f"{self._written}-certificate.pem", chain.decode()),
            write_private(self._folder / f"{self._written}-key.pem", key_pem.decode()),
        )
