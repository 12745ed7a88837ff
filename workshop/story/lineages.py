"""A participant with two certificates of one lineage, and a thief who has the key of the replaced one."""

from secrets import token_hex

from cryptography.hazmat.primitives.asymmetric import ec

from sender_constraint.certificates.csr import (
    RequestedNames,
    first_request,
    new_private_key,
    private_key_pem,
)
from workshop import operator
from workshop.forgery import pem_of
from workshop.loot import Lineage
from workshop.private_files import write_private
from workshop.story.former import done, est_request, issued_certificate
from workshop.story.partner import private_workspace
from workshop.story.stage import Stage, StoryStopped
from workshop.wire import Credentials, Exchange

PARTICIPANT = "careless-partner"
NAMES = RequestedNames("CN=careless-partner,O=Careless Partner Ltd,C=GB", ("careless-partner.example",))


def renewed_lineage(stage: Stage) -> Lineage:
    """Have the operator admit a participant, which enrols and renews.

    Raises LookupError where the operator is not on this machine, StoryStopped where a request is refused.
    """
    folder = private_workspace(stage, PARTICIPANT)
    secret = operator.admit(stage.deployment, PARTICIPANT, NAMES, folder / f"{token_hex(4)}.secret")
    key, next_key = new_private_key(), new_private_key()
    enrol = est_request(stage, "simpleenroll", first_request(key, NAMES)).with_basic(PARTICIPANT, secret)
    replaced = _stored(stage, done(stage, enrol), key)
    renew = est_request(stage, "simplereenroll", first_request(next_key, NAMES), replaced)
    return Lineage(replaced, _stored(stage, done(stage, renew), next_key), NAMES)


def suspended_lineage(stage: Stage) -> Lineage:
    """The same, and its replaced key asks for a successor of its own. Raises as ``renewed_lineage``."""
    lineage = renewed_lineage(stage)
    request = first_request(new_private_key(), lineage.names)
    fork = est_request(stage, "simplereenroll", request, lineage.replaced).send(stage.wire)
    if fork.status != 403:
        raise StoryStopped(f"a replaced key was answered with {fork.status}")
    return lineage


def _stored(stage: Stage, response: Exchange, key: ec.EllipticCurvePrivateKey) -> Credentials:
    folder, name = private_workspace(stage, PARTICIPANT), token_hex(4)
    return Credentials(
        write_private(folder / f"{name}.pem", pem_of(issued_certificate(response)).decode()),
        write_private(folder / f"{name}-key.pem", private_key_pem(key).decode()),
    )
