"""What there is to say about the partner's certificate."""

from datetime import datetime
from typing import Any

from sender_constraint.certificates.errors import BrokenGeneration, NoGeneration
from sender_constraint.certificates.generations import Generation, GenerationStore
from sender_constraint.certificates.renewal import RenewalPolicy


def certificate_status(store: GenerationStore, now: datetime, policy: RenewalPolicy) -> dict[str, Any]:
    """The current generation, its remaining life, and when it was and will be replaced; ready for JSON.

    Times are ISO 8601, UTC. ``state`` is ``valid``, ``expired``, ``missing`` or ``broken``.
    """
    try:
        generation = store.current()
    except NoGeneration as error:
        return {"state": "missing", "reason": str(error)}
    except BrokenGeneration as error:
        return {"state": "broken", "reason": str(error)}
    return {
        "state": "expired" if generation.is_expired(now) else "valid",
        **_description(generation),
        "remaining_seconds": max(0, int((generation.not_after - now).total_seconds())),
        "last_rotation": generation.obtained_at.isoformat(),
        "next_rotation": policy.due_at(generation).isoformat(),
    }


def _description(generation: Generation) -> dict[str, str]:
    return {
        "generation": generation.id,
        "subject": generation.certificate.subject.rfc4514_string(),
        "serial_number": f"{generation.certificate.serial_number:x}",
        "x5t#S256": generation.thumbprint,
        "not_after": generation.not_after.isoformat(),
    }
