"""Every alarm that a service can raise, what each level means, and how it ends. Documents quote this."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from operations.expiries.levels import BY_ITSELF, BY_PEOPLE, Thresholds
from sender_constraint.core.events import LEVELS, Level


@dataclass(frozen=True, slots=True)
class AlarmKind:
    """name: as in ``Alarms.raised``; ``*`` stands for what it is about.

    ends: how it recovers. remedy: what people can do.
    """

    name: str
    about: str
    when: Mapping[Level, str]
    ends: str
    remedy: str


def _left(thresholds: Thresholds) -> dict[Level, str]:
    return {
        "notice": f"less than {thresholds.notice:.0%} of its life is left",
        "warning": f"less than {thresholds.warning:.0%}",
        "critical": f"less than {thresholds.critical:.0%}, or it has ended",
    }


def _with(thresholds: Thresholds, **also: str) -> dict[Level, str]:
    left = _left(thresholds)
    return {level: f"{also[level]}; {left[level]}" if level in also else left[level] for level in LEVELS}


ALARMS = (
    AlarmKind(
        "certificate-status",
        "the revocation status of callers and servers",
        {
            "warning": "statuses older than promised are used, in grace",
            "critical": "none can be had, and callers are refused",
        },
        "by itself when the authority's responder answers",
        "see that the authority's responder (`OCSP_URL`) is up and can be reached; before a planned outage "
        "set `STATUS_GRACE_SECONDS`",
    ),
    AlarmKind(
        "certificate-*",
        "a certificate of the service's own, by its purpose",
        _with(
            BY_ITSELF,
            notice="its renewal is due and failed",
            warning="the current one is broken and an earlier one serves, or the disk takes no new one",
            critical="the authority refuses to renew it, it or its issuer is revoked, or there is none",
        ),
        "by itself at the next look that succeeds; refused, revoked or missing: once the operator delivers a "
        "new one-time secret; of a revoked issuer: once that has a successor",
        "`overdue`, `expired`: see that the authority is up and answers with certificates; `unwritable`: "
        "make room on the disk; `broken`: find out who wrote there; `refused`, `revoked`, `missing`: have "
        "the operator make a secret (`./scripts/manage ca participant secret`), and put it where the message "
        "says; `issuer revoked`: the authority needs its successor, see the runbook",
    ),
    AlarmKind(
        "lineage-fork",
        "at the authority: certificates whose replaced key asked for a successor of its own",
        {"critical": "two parties hold keys of one lineage; its renewals are suspended"},
        "once the operator has decided, or no certificate of the lineage can be used or renewed any more",
        "`./scripts/manage ca lineage list` shows both certificates; `lineage resume` or `lineage revoke`: "
        "see the runbook",
    ),
    AlarmKind(
        "expiry-authority-*",
        "an authority in the trust bundle",
        _left(BY_PEOPLE),
        "once the trust bundle has its successor: `./scripts/manage ca replace_issuing`",
        "replace the authority: see the runbook",
    ),
    AlarmKind(
        "expiry-*",
        "anything else that expires: revocation lists, signing keys",
        _left(BY_ITSELF) | {"critical": f"{_left(BY_ITSELF)['critical']}, or cannot be listed"},
        "by itself when it is renewed; a signing key has a margin of its own, since one that is overdue "
        "goes on signing",
        "see in `status` why the task that renews it has not; a signing key: "
        "`./scripts/manage authserver rotate_signing_key`",
    ),
    AlarmKind(
        "task-*",
        "a background task",
        {
            "warning": "it failed for what passes: database or disk; or it failed for some of its items, and "
            "did the others",
            "critical": "it ended with a defect",
        },
        "by itself with the next run that ends well",
        "warning: mend what the message names, or have the operator of that client's server mend it; "
        "critical: the log has the traceback, report it",
    ),
    AlarmKind(
        "late-*",
        "a background task, as status sees it",
        {"warning": "it should have run twice since its last run (at least 30 seconds ago), or never ran"},
        "by itself once a worker and its schedule run",
        "see that the service's worker, its schedule and its Redis are up",
    ),
    AlarmKind(
        "signing-key",
        "the key that signs tokens",
        {"critical": "there is none that can be used, and no token is issued"},
        "once the key is mended, or made by `./scripts/manage authserver prepare`",
        "read the message: give the key back to its owner with mode 0600, or restore it",
    ),
    AlarmKind(
        "service-*",
        "what the service depends on: its database, its audit trail, its trust bundle, the issuer's or its "
        "own keys, its replay memory",
        {"critical": "callers are refused with 503, for the reason of the rule with this name"},
        "by itself with a call that is served, ten seconds after the last one that was not",
        "mend or put back what the message names",
    ),
    AlarmKind(
        "replay-store",
        "the Redis in which used DPoP proofs are recorded",
        {"warning": "its `maxmemory-policy` is not `noeviction`: each key that it evicts begins a new epoch"},
        "by itself at the next look after the policy was changed",
        "set `maxmemory-policy noeviction` in its configuration; give it more memory if it is full",
    ),
    AlarmKind(
        "token-status-stale",
        "the issuer's status lists, by which revoked tokens are known",
        {"critical": "none can be had that is as young as promised, and callers are refused with 503"},
        "by itself with a call that is served, ten seconds after the last one that was not",
        "look whether the authorization server answers; `REVOCATION_SECONDS` is the promise",
    ),
    AlarmKind(
        "calls",
        "calls to the API",
        {
            "critical": "the last one ended without an answer; its state says what is waited for, or why it "
            "was not made"
        },
        "by itself with the next answer",
        "see the state: `unreachable`, `answer unusable`: ask who runs the server; `server refused`: its "
        "certificate does not count, do not go round it; `token refused`: have the bank explain the "
        "correlation id; those that wait, or are about the certificate: see `certificate-*` and "
        "`certificate-status`",
    ),
    AlarmKind(
        "tokens",
        "access tokens for calls",
        {"warning": "no new one is to be had, or none for a new certificate; the last serves while it lasts"},
        "by itself with the next token",
        "as for `calls`, at the authorization server",
    ),
    AlarmKind(
        "ocsp-staple",
        "the stapled status of the service's own certificate",
        {
            "notice": "no new one can be had; the last one still holds",
            "warning": "none is stapled any more",
        },
        "by itself when the authority's responder answers",
        "see that the authority's responder is up and can be reached",
    ),
)


def kind_of(name: str) -> AlarmKind | None:
    """The kind that a name belongs to; None for one that the table does not know."""
    return next((kind for kind in ALARMS if fnmatchcase(name, kind.name)), None)


def alarm_table() -> str:
    """Two tables in Markdown: when each alarm is how loud, and how it ends."""
    levels = [
        (f"`{kind.name}`", kind.about, *(kind.when.get(level, "") for level in LEVELS)) for kind in ALARMS
    ]
    ends = [(f"`{kind.name}`", kind.ends, kind.remedy) for kind in ALARMS]
    return "\n".join(
        (
            _markdown(("alarm", "about", *LEVELS), levels),
            _markdown(("alarm", "ends", "what to do"), ends),
        )
    )


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    ruled = [columns, ("---",) * len(columns), *rows]
    return "".join(f"| {' | '.join(row)} |\n" for row in ruled)
