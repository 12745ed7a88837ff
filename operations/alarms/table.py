"""Every alarm that a service can raise: what each level means, and how it ends. Documents quote this."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from operations.expiries.levels import BY_ITSELF, BY_PEOPLE, Thresholds
from sender_constraint.core.events import LEVELS, Level


@dataclass(frozen=True, slots=True)
class AlarmKind:
    """name: as in ``Alarms.raised``; ``*`` stands for its subject.

    ends: how it recovers. remedy: what an operator can do.
    """

    name: str
    about: str
    when: Mapping[Level, str]
    ends: str
    remedy: str


def _left(thresholds: Thresholds) -> dict[Level, str]:
    return {
        "notice": f"less than {thresholds.notice:.0%} of its lifetime left",
        "warning": f"less than {thresholds.warning:.0%}",
        "critical": f"less than {thresholds.critical:.0%}, or expired",
    }


def _with(thresholds: Thresholds, **also: str) -> dict[Level, str]:
    left = _left(thresholds)
    return {level: f"{also[level]}; {left[level]}" if level in also else left[level] for level in LEVELS}


ALARMS = (
    AlarmKind(
        "certificate-status",
        "revocation status of callers and servers",
        {
            "warning": "statuses older than promised are in use (grace period)",
            "critical": "no status is available, and callers are refused",
        },
        "automatically, when the OCSP responder answers",
        "check that the OCSP responder (`OCSP_URL`) is up and reachable; before a planned outage, set "
        "`STATUS_GRACE_SECONDS`",
    ),
    AlarmKind(
        "certificate-*",
        "one of the service's own certificates, by purpose",
        _with(
            BY_ITSELF,
            notice="renewal is due and failed",
            warning="the current one is broken and an earlier one is used, or a new one cannot be written",
            critical="the CA refuses to renew it, it or its issuer has been revoked, or there is none",
        ),
        "automatically, with the next successful check; refused, revoked or missing: when the operator "
        "provides a new one-time secret; issuer revoked: when the issuer has been replaced",
        "`overdue`, `expired`: check that the CA is up and issues certificates; `unwritable`: free disk "
        "space; `broken`: find out what wrote there; `refused`, `revoked`, `missing`: have the operator "
        "create a secret (`./scripts/manage ca participant secret`), and put it where the message says; "
        "`of a revoked issuer`: replace the issuing CA, see the runbook",
    ),
    AlarmKind(
        "lineage-fork",
        "at the CA: certificates whose replaced key requested another successor",
        {"critical": "two parties hold keys of one lineage; its renewals are suspended"},
        "when the operator has decided, or no certificate of the lineage can be used or renewed any more",
        "`./scripts/manage ca lineage list` shows both certificates; `lineage resume` or `lineage revoke`: "
        "see the runbook",
    ),
    AlarmKind(
        "expiry-authority-*",
        "a CA in the trust bundle",
        _left(BY_PEOPLE),
        "when the trust bundle has its successor: `./scripts/manage ca replace_issuing`",
        "replace the CA: see the runbook",
    ),
    AlarmKind(
        "expiry-*",
        "anything else that expires: revocation lists, signing keys",
        _left(BY_ITSELF) | {"critical": f"{_left(BY_ITSELF)['critical']}, or expiries cannot be listed"},
        "automatically, on renewal; an overdue signing key keeps signing, within a margin of its own",
        "check in `status` why its renewal task has not run; for a signing key: "
        "`./scripts/manage authserver rotate_signing_key`",
    ),
    AlarmKind(
        "task-*",
        "a background task",
        {
            "warning": "a temporary failure: database or disk, or some of the items failed",
            "critical": "an unexpected error",
        },
        "automatically, with the next successful run",
        "warning: fix what the message names, or have the operator of that client's server fix it; "
        "critical: the traceback is in the log, report it",
    ),
    AlarmKind(
        "late-*",
        "a background task, as `status` sees it",
        {"warning": "two runs are missing since the last one (at least 30 seconds ago), or it never ran"},
        "automatically, when a worker and its schedule run",
        "check that the service's worker, its schedule and its Redis are up",
    ),
    AlarmKind(
        "signing-key",
        "the key that signs tokens",
        {"critical": "no usable key: no tokens are issued"},
        "when the key is repaired, or created by `./scripts/manage authserver prepare`",
        "read the message: restore the key, or its owner and mode 0600",
    ),
    AlarmKind(
        "service-*",
        "a dependency of the service: database, audit trail, trust bundle, the issuer's or its own keys, "
        "replay store",
        {"critical": "callers are refused with 503, by the rule of this name"},
        "automatically, with a successful call ten seconds or more after the last failure",
        "repair or restore what the message names",
    ),
    AlarmKind(
        "replay-store",
        "the Redis server that records used DPoP proofs",
        {"warning": "its `maxmemory-policy` is not `noeviction`: each evicted key starts a new epoch"},
        "automatically, with the next check after the policy was changed",
        "set `maxmemory-policy noeviction` in its configuration; increase its memory if it is full",
    ),
    AlarmKind(
        "token-status-stale",
        "the issuer's status lists of revoked tokens",
        {"critical": "no status list is as recent as promised, and callers are refused with 503"},
        "automatically, with a successful call ten seconds or more after the last failure",
        "check that the authorization server is up; `REVOCATION_SECONDS` is the promise",
    ),
    AlarmKind(
        "calls",
        "calls to the API",
        {"critical": "the last call got no response; `state` says what it waits for, or why it was not sent"},
        "automatically, with the next response",
        "by state: `unreachable`, `answer unusable`: contact the server's operator; `server refused`: its "
        "certificate is not valid, do not bypass the check; `token refused`: have the bank explain the "
        "correlation ID; waiting states and certificate states: see `certificate-*` and `certificate-status`",
    ),
    AlarmKind(
        "tokens",
        "access tokens for calls",
        {
            "warning": "no new token is available, or none for a new certificate; the last one is used until "
            "it expires"
        },
        "automatically, with the next token",
        "as for `calls`, at the authorization server",
    ),
    AlarmKind(
        "ocsp-staple",
        "the stapled status of the service's own certificate",
        {
            "notice": "no new status is available; the last one is still valid",
            "warning": "no status is stapled",
        },
        "automatically, when the OCSP responder answers",
        "check that the OCSP responder is up and reachable",
    ),
)


def kind_of(name: str) -> AlarmKind | None:
    """The kind of the alarm with this name; None if it is unknown."""
    return next((kind for kind in ALARMS if fnmatchcase(name, kind.name)), None)


def alarm_table() -> str:
    """Two tables in Markdown: the levels of each alarm, and how it ends."""
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
