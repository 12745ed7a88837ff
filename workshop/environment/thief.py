"""The thief is a participant like any other, with a valid certificate of its own; it only runs no service."""

from sender_constraint.certificates.csr import RequestedNames
from sender_constraint.certificates.enrolment import ensure_generation, wait_for_generation
from sender_constraint.certificates.est import EstClient
from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.certificates.issuance import EstIssuer
from workshop.environment.deployment import Deployment, attached
from workshop.environment.parties import participant_of

ENROLMENT_SECONDS = 20.0


class NotEnrolled(Exception):
    """The thief has no valid certificate; the message says why."""


def enrol(deployment: Deployment) -> None:
    """Ensure that the thief holds a valid certificate; safe to repeat. Raises NotEnrolled."""
    thief = participant_of("thief")
    issuer = EstIssuer(
        EstClient(f"{deployment.ca_url}/.well-known/est", deployment.trust_bundle),
        RequestedNames(thief.subject, (thief.dns_name,), (thief.uri,)),
        thief.name,
        deployment.states["thief"] / "enrolment" / "client.secret",
        deployment.trust_bundle,
    )
    store = GenerationStore(deployment.certificate_store("thief"))
    outcome = wait_for_generation(lambda: ensure_generation(store, issuer), seconds=ENROLMENT_SECONDS)
    if outcome.error:
        raise NotEnrolled(f"the thief could not enrol: {outcome.error}") from outcome.error


if __name__ == "__main__":
    container = attached()
    if container is None:
        raise SystemExit("WORKSHOP_STATE is not set: this runs inside docker compose only")
    enrol(container)
