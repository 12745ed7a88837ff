"""Where the keys and certificates of the OCSP responders are: stores of generations, as every party has."""

from operations.certificates.stores import DeclaredStore
from operations.settings.environment import ServiceEnvironment
from sender_constraint.certificates.csr import RequestedNames

_PREFIX = "ocsp-"
ISSUING_RESPONDER = f"{_PREFIX}issuing"
ROOT_RESPONDER = f"{_PREFIX}root"


def responder_purpose(authority: str) -> str:
    """Of the store of an authority's responder. authority: ``root``, ``issuing``, ``issuing-2`` ..."""
    return f"{_PREFIX}{authority}"


def authority_answered_for(purpose: str) -> str | None:
    """The other way round; None for a store that is no responder's."""
    return purpose.removeprefix(_PREFIX) if purpose.startswith(_PREFIX) else None


def responder_store(environment: ServiceEnvironment, purpose: str, authority: str) -> DeclaredStore:
    """The store of one authority's responder. authority: its common name."""
    return DeclaredStore(
        purpose=purpose,
        path=environment.state / "certificates" / purpose,
        participant="ca",
        names=RequestedNames(f"CN=OCSP responder of {authority},O=Scheme Operator,C=GB"),
        secret_file=environment.state / "enrolment" / f"{purpose}.secret",
    )
