"""Parsers of bytes from outside: certificates, requests for them, OCSP messages, revocation lists, keys.

RFC 5280 (https://www.rfc-editor.org/rfc/rfc5280), RFC 2986, RFC 5652 §5.1, RFC 6960 and RFC 7517. No other
module calls the loaders of ``cryptography``, pyOpenSSL or PyJWT on its own: they parse a field when it is
first read, and raise KeyError, TypeError, OverflowError and others for values that they do not expect. Here
every field that is needed later is read at once, and every exception becomes a MalformedInput.

What is *not* decided here: whether the values are acceptable. Callers limit the size, and say which rule
refuses.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509 import ocsp

Parsed = TypeVar("Parsed")

# Peers and issuers come again; parsing a certificate and reading it takes a quarter of a millisecond.
REMEMBERED_CERTIFICATES = 256
# The module of the exception that Rust code in ``cryptography`` raises where it has a defect. It is a
# BaseException, so that ``except Exception`` does not catch it.
_PANIC_MODULE = "pyo3_runtime"

_CERTIFICATE_FIELDS = (
    "version",
    "serial_number",
    "subject",
    "issuer",
    "not_valid_before_utc",
    "not_valid_after_utc",
    "extensions",
    "signature_algorithm_oid",
)
_OCSP_REQUEST_FIELDS = ("serial_number", "issuer_name_hash", "issuer_key_hash", "extensions")
_OCSP_RESPONSE_FIELDS = (
    "responder_name",
    "responder_key_hash",
    "produced_at_utc",
    "extensions",
    "signature",
    "signature_algorithm_oid",
    "signature_hash_algorithm",
    "tbs_response_bytes",
)
_OCSP_ANSWER_FIELDS = (
    "certificate_status",
    "hash_algorithm",
    "issuer_name_hash",
    "issuer_key_hash",
    "serial_number",
    "this_update_utc",
    "next_update_utc",
    "revocation_time_utc",
    "revocation_reason",
)
_LIST_FIELDS = ("issuer", "last_update_utc", "next_update_utc", "extensions", "signature_algorithm_oid")
_LISTED_FIELDS = ("serial_number", "revocation_date_utc", "extensions")


class MalformedInput(ValueError):
    """Bytes from outside that cannot be read, or that use what is not supported. The text says why."""


@contextmanager
def parsing(what: str) -> Iterator[None]:
    """Turn every exception in the block into a MalformedInput about ``what``.

    Only for calls into ``cryptography`` and PyJWT: a defect of our own code would be hidden.
    """
    try:
        yield
    except Exception as problem:
        raise _malformed(what, problem) from problem
    except BaseException as problem:
        if type(problem).__module__ != _PANIC_MODULE:
            raise
        raise _malformed(what, problem) from problem


@lru_cache(maxsize=REMEMBERED_CERTIFICATES)
def certificate_from_der(der: bytes) -> x509.Certificate:
    """A certificate, with all fields read but the key (``public_key_of``). Raises MalformedInput."""
    with parsing("the certificate"):
        return _read(x509.load_der_x509_certificate(der), _CERTIFICATE_FIELDS)


def certificates_from_pem(pem: bytes) -> list[x509.Certificate]:
    """The certificates of a PEM file, one or more. Raises MalformedInput."""
    with parsing("the PEM certificates"):
        return [_read(each, _CERTIFICATE_FIELDS) for each in x509.load_pem_x509_certificates(pem)]


def certificates_from_pkcs7(der: bytes) -> list[x509.Certificate]:
    """The certificates of a certs-only message (RFC 5652 §5.1), none included. Raises MalformedInput."""
    with parsing("the PKCS #7 message"):
        return [_read(each, _CERTIFICATE_FIELDS) for each in pkcs7.load_der_pkcs7_certificates(der)]


def certification_request_from_der(der: bytes) -> x509.CertificateSigningRequest:
    """A request (RFC 2986), with subject and requested extensions read. Raises MalformedInput.

    Its other attributes are not read: nothing here uses them. Its key and its signature are read by
    ``public_key_of`` and within ``parsing``, since rules of their own refuse them.
    """
    with parsing("the certification request"):
        return _read(x509.load_der_x509_csr(der), ("subject", "extensions", "signature_algorithm_oid"))


def certification_request_from_pem(pem: bytes) -> x509.CertificateSigningRequest:
    """The same from PEM. Raises MalformedInput."""
    with parsing("the certification request"):
        return _read(x509.load_pem_x509_csr(pem), ("subject", "extensions", "signature_algorithm_oid"))


def ocsp_request_from_der(der: bytes) -> ocsp.OCSPRequest:
    """A request about one certificate (RFC 6960 §4.1.1), all but its hash algorithm read.

    Raises MalformedInput; caused by NotImplementedError where the request is about several certificates.
    """
    with parsing("the OCSP request"):
        return _read(ocsp.load_der_ocsp_request(der), _OCSP_REQUEST_FIELDS)


def ocsp_response_from_der(der: bytes) -> ocsp.OCSPResponse:
    """A response (RFC 6960 §4.2.1), with its answers and certificates read. Raises MalformedInput.

    One that is not successful has a status and nothing else. The single extensions are read where there is
    one answer, as ``cryptography`` gives them only then.
    """
    with parsing("the OCSP response"):
        response = ocsp.load_der_ocsp_response(der)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return response
        _read(response, _OCSP_RESPONSE_FIELDS)
        answers = [_read(each, _OCSP_ANSWER_FIELDS) for each in response.responses]
        if len(answers) == 1:
            _read(response, ("single_extensions",))
        for certificate in response.certificates:
            _read(certificate, _CERTIFICATE_FIELDS)
        return response


def revocation_list_from_der(der: bytes) -> x509.CertificateRevocationList:
    """A revocation list (RFC 5280 §5), with every entry read. Raises MalformedInput."""
    with parsing("the revocation list"):
        revocation_list = _read(x509.load_der_x509_crl(der), _LIST_FIELDS)
        for each in revocation_list:
            _read(each, _LISTED_FIELDS)
        return revocation_list


def public_key_of(signed: x509.Certificate | x509.CertificateSigningRequest) -> CertificatePublicKeyTypes:
    """The public key in a certificate or request. Raises MalformedInput, for unsupported kinds too."""
    with parsing("the public key"):
        return signed.public_key()


def public_key_from_jwk(jwk: Mapping[str, Any], algorithm: str) -> object:
    """The key of a JWK (RFC 7517 §4) for an algorithm, of whatever type it is. Raises MalformedInput."""
    # Not before it is needed: it imports ssl, and gunicorn reads generations before gevent has patched that.
    import jwt

    with parsing("the JWK"):
        return jwt.PyJWK(dict(jwk), algorithm=algorithm).key


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer has the name that the certificate says, and its key verifies the signature."""
    try:
        with parsing("the signature"):
            certificate.verify_directly_issued_by(issuer)
    except MalformedInput:
        return False
    return True


def _read(parsed: Parsed, fields: tuple[str, ...]) -> Parsed:
    """Read these fields, which raises whatever they raise; returns what was given."""
    for name in fields:
        getattr(parsed, name)
    return parsed


def _malformed(what: str, problem: BaseException) -> MalformedInput:
    said = str(problem) or type(problem).__name__
    if isinstance(problem, KeyError):
        said = f"unknown value {said}"
    return MalformedInput(f"{what}: {said[:200]}")
