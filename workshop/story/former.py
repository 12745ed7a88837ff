"""Somebody who took part, and whose certificate was revoked."""

import base64
from secrets import token_hex

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs7

from sender_constraint.certificates.csr import (
    RequestedNames,
    first_request,
    new_private_key,
    private_key_pem,
)
from workshop import operator
from workshop.calls import Call
from workshop.forgery import pem_of
from workshop.loot import Enrolment, Former
from workshop.private_files import write_private
from workshop.story.partner import private_workspace
from workshop.story.stage import Stage, StoryStopped, outcome_of
from workshop.wire import NO_CREDENTIALS, Credentials, Exchange

PARTICIPANT = "former-partner"
NAMES = RequestedNames("CN=former-partner,O=Former Partner Ltd,C=GB", ("former-partner.example",))


def former_participant(stage: Stage) -> Former:
    """Have the operator admit somebody, who enrols and then revokes its own certificate.

    Raises LookupError where the operator is not on this machine, StoryStopped where somebody refuses.
    """
    folder = private_workspace(stage, PARTICIPANT)
    name = token_hex(4)
    secret = operator.admit(stage.deployment, PARTICIPANT, NAMES, folder / f"{name}.secret")
    key = new_private_key()
    request = est_request(stage, "simpleenroll", first_request(key, NAMES)).with_basic(PARTICIPANT, secret)
    certificate = issued_certificate(done(stage, request))
    credentials = Credentials(
        write_private(folder / f"{name}.pem", pem_of(certificate).decode()),
        write_private(folder / f"{name}-key.pem", private_key_pem(key).decode()),
    )
    revoke = Call("POST", f"{stage.deployment.ca_url}/revoke", None, credentials)
    done(stage, revoke.with_header("Content-Type", "application/x-www-form-urlencoded").with_form())
    enrolment = Enrolment(PARTICIPANT, secret, NAMES, key)
    return Former(credentials, enrolment, certificate.public_bytes(serialization.Encoding.DER))


def est_request(
    stage: Stage, operation: str, request: bytes, credentials: Credentials = NO_CREDENTIALS
) -> Call:
    """A request to the certificate authority. request: PKCS #10, DER."""
    url = f"{stage.deployment.ca_url}/.well-known/est/{operation}"
    call = Call("POST", url, None, credentials, body=base64.encodebytes(request))
    return call.with_header("Content-Type", "application/pkcs10")


def issued_certificate(exchange: Exchange) -> x509.Certificate:
    """The certificate in the authority's response."""
    return pkcs7.load_der_pkcs7_certificates(base64.b64decode(exchange.body))[0]


def done(stage: Stage, call: Call) -> Exchange:
    """Send a call that has to succeed. Raises StoryStopped."""
    exchange = call.send(stage.wire)
    if exchange.status != 200:
        raise StoryStopped(f"{call.url} was not answered: {outcome_of(exchange)}")
    return exchange
