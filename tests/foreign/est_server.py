"""An EST server by somebody else: RFC 7030 §3.2, under a label, with an authority of its own."""

import base64
import binascii
import textwrap
from contextlib import AbstractContextManager
from datetime import timedelta
from types import TracebackType

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import serialize_certificates

from tests.sender_constraint.authority import Authority
from tests.sender_constraint.tls_server import Answer, Asked, TLSServer

LABEL = "/.well-known/est/partners"
# RFC 8951 §3.1: white space of any kind; and parameters that nobody needs.
HEADERS = {
    "Content-Type": "application/pkcs7-mime; smime-type=certs-only",
    "Content-Transfer-Encoding": "base64",
}


class ForeignEST(AbstractContextManager["ForeignEST"]):
    """Issues to whoever knows the password, or holds a certificate that is to be replaced.

    with_chain: whether the issuing authority's certificate is beside the new one.
    """

    def __init__(self, authority: Authority, password: str, *, with_chain: bool) -> None:
        self.authority = authority
        self.with_chain = with_chain
        self._expected = "Basic " + base64.b64encode(f"partner:{password}".encode()).decode()
        self.server = TLSServer(authority.server_context(), self._answer)
        self.url = self.server.origin + LABEL

    def __enter__(self) -> "ForeignEST":
        self.server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.__exit__(kind, error, trace)

    def _answer(self, asked: Asked) -> Answer:
        if asked.path == f"{LABEL}/simpleenroll":
            authenticated = asked.headers.get("authorization") == self._expected
        elif asked.path == f"{LABEL}/simplereenroll":
            authenticated = asked.thumbprint is not None
        else:
            return Answer(404, {})
        if not authenticated:
            return Answer(401, {}, {"WWW-Authenticate": "Basic"})
        return self._issued(asked.body)

    def _issued(self, body: bytes) -> Answer:
        try:
            request = x509.load_der_x509_csr(base64.b64decode(body))
        except (binascii.Error, ValueError):
            return Answer(400, {})
        assert request.is_signature_valid
        key = request.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        subject = request.subject.rfc4514_string()
        certificate = self.authority.issue(key, subject, names=list(names), lifetime=timedelta(hours=1))
        beside = [self.authority.issuing] if self.with_chain else []
        der = serialize_certificates([certificate, *beside], Encoding.DER)
        lines = "\r\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64)) + "\r\n"
        return Answer(200, lines.encode(), HEADERS)
