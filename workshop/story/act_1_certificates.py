"""Act 1: the scheme operator's authority exists, and the parties enrolled with it."""

import base64
import ssl
from contextlib import suppress
from datetime import timedelta
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs7

from sender_constraint.core.thumbprints import certificate_thumbprint
from workshop.story.partner import current_partner, show
from workshop.story.stage import Stage

BACKDATED = timedelta(minutes=1)
TITLE = "A certificate authority, and those who enrolled with it"


def play(stage: Stage) -> None:
    """Show the authority's certificates, then everyone else's as their servers present them."""
    narrator, deployment = stage.narrator, stage.deployment
    narrator.say("The scheme operator runs a root and an issuing certificate authority.")
    exchange = stage.wire.send("GET", f"{deployment.ca_url}/.well-known/est/cacerts")
    show(stage, "anyone", "ca", exchange, None)
    authorities = pkcs7.load_der_pkcs7_certificates(_from_base64(exchange.body))
    root = next(each for each in authorities if each.subject == each.issuer)
    issuing = next(each for each in authorities if each.subject != each.issuer)
    for role, certificate in (("root", root), ("issuing", issuing)):
        narrator.facts({role: certificate.subject.rfc4514_string(), **_described(certificate)})
    stage.row("1", "the root issued the issuing CA", "yes", _issued_by(issuing, root))

    narrator.say("Each party made its key where it uses it, sent a request by EST, and got its certificate.")
    narrator.explain(
        "A request (PKCS#10) carries the public key and is signed with the private one, which never travels. "
        "The first enrolment is authorised by a one-time secret, each renewal by the certificate that it "
        "replaces (RFC 7030 §3.3)."
    )
    enrolled = {
        "authserver": _presented_at(stage, deployment.issuer),
        "bank_api": _presented_at(stage, deployment.api_url),
        "partner": current_partner(deployment).generation.certificate,
    }
    for party, certificate in enrolled.items():
        event = stage.audit.issued(_thumbprint(certificate))
        narrator.call(
            party,
            "ca",
            event.get("method", ""),
            event.get("path", "no enrolment in the audit trail"),
            str(event.get("status", "")),
            thumbprint=event.get("thumbprint"),
            wanted=event.get("status") == 200,
        )
        lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc - BACKDATED
        narrator.facts(
            {
                party: certificate.subject.rfc4514_string(),
                **_described(certificate),
                "  lifetime": f"{lifetime} from its issue",
            }
        )
        stage.row("1", f"{party} enrolled by EST", "200", str(event.get("status")))
        stage.row(
            "1", f"the scheme's CA issued the certificate of {party}", "yes", _issued_by(certificate, issuing)
        )


def _presented_at(stage: Stage, origin: str) -> x509.Certificate:
    """The certificate that a server shows in a handshake; verified, as every connection here."""
    parts = urlsplit(origin)
    address = (str(parts.hostname), parts.port or 443)
    pem = ssl.get_server_certificate(address, ca_certs=str(stage.deployment.trust_bundle), timeout=10)
    return x509.load_pem_x509_certificate(pem.encode())


def _described(certificate: x509.Certificate) -> dict[str, str]:
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    described = {"  valid": f"{start:%Y-%m-%d %H:%M:%S} to {end:%Y-%m-%d %H:%M:%S} UTC"}
    with suppress(x509.ExtensionNotFound):
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        described["  subject alternative names"] = ", ".join(str(name.value) for name in names)
    return {**described, "  thumbprint": _thumbprint(certificate)}


def _thumbprint(certificate: x509.Certificate) -> str:
    return certificate_thumbprint(certificate.public_bytes(serialization.Encoding.DER))


def _issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> str:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature) as error:
        return f"no: {error}"
    return "yes"


def _from_base64(body: bytes) -> bytes:
    return base64.b64decode(b"".join(body.split()))
