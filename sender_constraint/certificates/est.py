"""Enrolment over Secure Transport: RFC 7030, with the encodings as RFC 8951 corrected them.

Covered: ``cacerts`` (RFC 7030 §4.1), ``simpleenroll`` (§4.2.1) with HTTP Basic (§3.2.3), ``simplereenroll``
(§4.2.2) with the certificate that is to be replaced (§3.3.2).
Not covered: full CMC, server-side keys, CSR attributes, linking identity and proof of possession (§3.5);
a "not yet" (202, §4.2.3) counts as a refusal, after which the caller's next attempt comes anyway.

https://www.rfc-editor.org/rfc/rfc7030 https://www.rfc-editor.org/rfc/rfc8951
"""

import base64
from pathlib import Path

import httpx
from cryptography import x509

from sender_constraint.certificates.errors import IssuerRefused, IssuerUnreachable, UnusableAnswer
from sender_constraint.certificates.generation import Generation
from sender_constraint.certificates.tls import client_context
from sender_constraint.core.untrusted_input import certificates_from_pkcs7
from sender_constraint.http.deadlines import client_with_deadlines
from sender_constraint.http.exchange import exchange

CERTIFICATE_REQUEST = "application/pkcs10"
CERTIFICATES_ONLY = "application/pkcs7-mime"  # with smime-type=certs-only; RFC 7030 §4.1.3 and §4.2.3

MAX_ANSWER_BYTES = 64 * 1024
SHOWN_REASON_CHARACTERS = 300


class EstClient:
    """Talks to one EST server.

    est_url: with the well-known part (RFC 7030 §3.2.2), ``https://ca.example/.well-known/est``.
    trust_bundle: PEM file of the authorities under which that server must be.
    timeout_seconds: for connecting, and for each exchange as a whole.

    All methods raise IssuerUnreachable, IssuerRefused or UnusableAnswer.
    """

    def __init__(self, est_url: str, trust_bundle: Path, *, timeout_seconds: float = 10.0) -> None:
        self.est_url = est_url.rstrip("/")
        self._trust_bundle = trust_bundle
        self._timeout_seconds = timeout_seconds

    def cacerts(self) -> list[x509.Certificate]:
        """The certificates of the authority (RFC 7030 §4.1)."""
        return self._ask("cacerts", None)

    def enrol(self, csr_der: bytes, participant: str, secret: str) -> list[x509.Certificate]:
        """A first certificate, by name and one-time secret (RFC 7030 §4.2.1, §3.2.3)."""
        return self._ask("simpleenroll", csr_der, auth=httpx.BasicAuth(participant, secret))

    def reenrol(self, csr_der: bytes, generation: Generation) -> list[x509.Certificate]:
        """A successor, authenticated by the certificate that it replaces (RFC 7030 §4.2.2).

        That certificate may have expired: it is presented, and the server decides.
        """
        return self._ask("simplereenroll", csr_der, generation=generation)

    def _ask(
        self,
        operation: str,
        csr_der: bytes | None,
        *,
        auth: httpx.BasicAuth | None = None,
        generation: Generation | None = None,
    ) -> list[x509.Certificate]:
        url = f"{self.est_url}/{operation}"
        try:
            context = client_context(self._trust_bundle, generation)
            with client_with_deadlines(context, auth=auth) as client:
                response = exchange(
                    client,
                    self._request(client, url, csr_der),
                    max_bytes=MAX_ANSWER_BYTES,
                    seconds=self._timeout_seconds,
                )
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise IssuerUnreachable(f"{url}: {error or type(error).__name__}") from error
        if response.status_code >= 500:
            raise IssuerUnreachable(f"{url} answered with status {response.status_code}: {_reason(response)}")
        if response.status_code != 200:
            raise IssuerRefused(operation, response.status_code, _reason(response))
        return _certificates(operation, response)

    def _request(self, client: httpx.Client, url: str, csr_der: bytes | None) -> httpx.Request:
        if csr_der is None:
            return client.build_request("GET", url)
        # RFC 8951 §3.1: base64 of the DER, and no Content-Transfer-Encoding.
        headers = {"Content-Type": CERTIFICATE_REQUEST}
        return client.build_request("POST", url, content=base64.encodebytes(csr_der), headers=headers)


def _certificates(operation: str, response: httpx.Response) -> list[x509.Certificate]:
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != CERTIFICATES_ONLY:
        raise UnusableAnswer(
            f"{operation} answered with {media_type or 'no media type'}, not {CERTIFICATES_ONLY}"
        )
    try:
        # RFC 8951 §3.1: white space of any kind may break the lines.
        der = base64.b64decode(b"".join(response.content.split()), validate=True)
        certificates = certificates_from_pkcs7(der)
    except ValueError as error:
        raise UnusableAnswer(f"{operation} answered with something that is not certs-only PKCS#7") from error
    if not certificates:
        raise UnusableAnswer(f"{operation} answered without a certificate")
    return certificates


def _reason(response: httpx.Response) -> str:
    """What the server says, on one line, for people: RFC 9457's members, or its text."""
    text = response.text
    if "json" in response.headers.get("content-type", ""):
        try:
            problem = response.json()
            text = str(
                problem.get("detail") or problem.get("error_description") or problem.get("title") or text
            )
        except (ValueError, AttributeError):
            pass
    printable = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return printable[:SHOWN_REASON_CHARACTERS] or response.reason_phrase
