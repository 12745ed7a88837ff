"""What there is to say about the partner's certificate."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from operations.status.tables import Cell, time_text
from sender_constraint.certificates.errors import BrokenGeneration, NoGeneration
from sender_constraint.certificates.generations import Generation, GenerationStore
from sender_constraint.certificates.renewal import RenewalPolicy

# Of a client that authenticates and binds its tokens by keys alone.
NOT_NEEDED: Mapping[str, Any] = {"state": "not needed"}


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


def certificate_rows(status: Mapping[str, Any]) -> list[tuple[str, Cell]]:
    """What ``certificate_status`` says, with a name for each, as people read it."""
    state = str(status["state"])
    rows = [("state", Cell(state, "ok" if state in ("valid", NOT_NEEDED["state"]) else "critical"))]
    if "not_after" not in status and "reason" not in status:
        return rows
    if "reason" in status:
        return [*rows, ("reason", Cell(status["reason"]))]
    return [
        *rows,
        ("ends", Cell(time_text(status["not_after"]))),
        ("obtained", Cell(time_text(status["last_rotation"]))),
        ("next rotation", Cell(time_text(status["next_rotation"]))),
        ("subject", Cell(status["subject"])),
        ("serial number", Cell(status["serial_number"])),
        ("thumbprint (x5t#S256)", Cell(status["x5t#S256"])),
        ("generation", Cell(status["generation"])),
    ]


def _description(generation: Generation) -> dict[str, str]:
    return {
        "generation": generation.id,
        "subject": generation.certificate.subject.rfc4514_string(),
        "serial_number": f"{generation.certificate.serial_number:x}",
        "x5t#S256": generation.thumbprint,
        "not_after": generation.not_after.isoformat(),
    }
