"""Where the keys and certificates of the OCSP responders are: stores of generations, as every party has."""

from sender_constraint.certificates.csr import RequestedNames
from sender_constraint.django.certificate_stores import DeclaredStore
from sender_constraint.server.environment import ServiceEnvironment

ISSUING_RESPONDER = "ocsp-issuing"
ROOT_RESPONDER = "ocsp-root"


def responder_store(environment: ServiceEnvironment, purpose: str, authority: str) -> DeclaredStore:
    """The store of one authority's responder. authority: its common name."""
    return DeclaredStore(
        purpose=purpose,
        path=environment.state / "certificates" / purpose,
        participant="ca",
        names=RequestedNames(f"CN=OCSP responder of {authority},O=Scheme Operator,C=GB"),
        secret_file=environment.state / "enrolment" / f"{purpose}.secret",
    )
