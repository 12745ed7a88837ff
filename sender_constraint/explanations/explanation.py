"""What an explanation consists of."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why something was refused, for people. Every text is bounded, printable and holds no secret.

    rule, section, refuses: identifier, clause and sentence of the registry of rules.
    expected, presented: beside one another, in words; None where the event does not say.
    findings: what comparing them showed, sentences.
    next_step: one sentence for the developer of the refused caller; None where there is none to give.
    """

    rule: str
    section: str
    refuses: str
    expected: str | None
    presented: str | None
    findings: tuple[str, ...]
    next_step: str | None
