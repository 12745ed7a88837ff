"""The stage on which the acts play: where everything is, who tells it, and what came of each attempt."""

import shlex
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from operations.settings.environment import REPOSITORY
from sender_constraint.explanations.report import reasons
from workshop import operator
from workshop.environment.deployment import Deployment
from workshop.evidence import AuditReader, Evidence
from workshop.narration import Narrator, Refused
from workshop.partner_call import NOT_SENT
from workshop.wire import Exchange, Wire


class StoryStopped(Exception):
    """The story cannot go on: something that it needs was not to be had. The message says what."""


@dataclass(frozen=True)
class Row:
    """One attempt of the closing table."""

    act: str
    attempt: str
    expected: str
    observed: str
    holds: bool


@dataclass
class Stage:
    """What an act needs; rows and timeline fill up as the acts play."""

    deployment: Deployment
    narrator: Narrator
    workspace: Path
    rows: list[Row] = field(default_factory=list)
    timeline: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.wire = Wire(self.deployment.trust_bundle)
        self.audit = AuditReader(self.deployment.audits)

    def row(self, act: str, attempt: str, expected: str, observed: str, *, holds: bool | None = None) -> None:
        """Add a row to the closing table; it holds where observed equals expected, unless said otherwise."""
        self.rows.append(
            Row(act, attempt, expected, observed, expected == observed if holds is None else holds)
        )

    @property
    def holds(self) -> bool:
        """Whether every row holds, and there is at least one."""
        return bool(self.rows) and all(row.holds for row in self.rows)

    def report(self) -> dict[str, Any]:
        """The closing table and the timeline, for JSON."""
        return {
            "holds": self.holds,
            "rows": [asdict(row) for row in self.rows],
            "timeline": self.timeline,
        }


def outcome_of(exchange: Exchange) -> str:
    """How a call ended, in a few words: ``401 invalid_token``, or TLS's alert."""
    if exchange.alert == NOT_SENT:
        return NOT_SENT
    if exchange.status is None:
        return f"ended by TLS: {exchange.alert}"
    return f"{exchange.status} {exchange.error}" if exchange.error else str(exchange.status)


def explain_command(stage: Stage, refused: Exchange) -> str:
    """The command that explains a refused call, to be copied: on this machine, or for Compose."""
    if not operator.is_here(stage.deployment):
        return f"docker compose run --rm shell python -m workshop.explain {refused.correlation_id}"
    root = stage.deployment.states["ca"].parent
    if root.is_relative_to(REPOSITORY):
        root = root.relative_to(REPOSITORY)
    return f"./scripts/explain --root {shlex.quote(str(root))} {refused.correlation_id}"


def refusal_in(exchange: Exchange, evidence: Evidence) -> Refused | None:
    """Why the call was refused, by the server's audit trail; None if it was not."""
    if evidence.rule is None:
        return None
    because = tuple(reasons(evidence.refusal))
    return Refused(exchange.error or "", evidence.rule, evidence.section or "", because)
