"""Everything that expires in a Django service: listed by ``status``, and watched by a background task.

A service adds its own in ``settings.py``, as names of functions without arguments::

    EXPIRIES = [*COMMON_EXPIRIES, "authserver.keys.expiries.signing_keys"]

Each returns ``Expiry`` objects. If one fails, that is an alarm, and the others are still listed.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from cryptography import x509
from django.conf import settings
from django.utils.module_loading import import_string

from operations.alarms.service import alarms
from operations.certificates.stores import DeclaredStore, declared_stores
from operations.expiries.levels import BY_PEOPLE, Expiry, remaining_text
from operations.tasks.background import BackgroundTask, background_task
from operations.tasks.ledger import Run
from sender_constraint.certificates.errors import BrokenGeneration, NoGeneration
from sender_constraint.core.clock import utc_now
from sender_constraint.core.untrusted_input import certificates_from_pem
from sender_constraint.django.conf import library_settings

TASK = "expiries"

COMMON_EXPIRIES = (
    "operations.expiries.watch.own_certificates",
    "operations.expiries.watch.trusted_authorities",
)


def expiry_watch(seconds: float) -> BackgroundTask:
    """The task that checks expiries this often."""
    return BackgroundTask(TASK, __name__, seconds, "checks everything that expires, and raises alarms")


def expiries() -> list[Expiry]:
    """Everything that the setting ``EXPIRIES`` lists. If a function fails, its entry says so."""
    return [expiry for source in settings.EXPIRIES for expiry in _listed(source)]


@background_task(TASK)
def watch_expiries(run: Run) -> None:
    """Raise alarms for what is about to expire, and clear those for what was renewed."""
    now = utc_now()
    standing = {alarm.name for alarm in alarms().standing() if alarm.name.startswith("expiry-")}

    def watch(expiry: Expiry) -> None:
        name = f"expiry-{expiry.name}"
        level = expiry.level(now)
        if level is None or not expiry.watched:
            return
        standing.discard(name)
        run.found(f"{expiry.what}: {remaining_text(expiry, now)}")
        detail = {"ends": expiry.ends.isoformat() if expiry.ends else None, "phase": expiry.phase}
        alarms().raised(name, level, f"{expiry.what}: {remaining_text(expiry, now)}", **detail)

    run.each(expiries(), watch, lambda expiry: expiry.what)
    for name in standing:
        alarms().cleared(name)


def own_certificates() -> Iterator[Expiry]:
    """The service's own certificates; renewal raises their alarms."""
    for declared in declared_stores().values():
        yield _own_certificate(declared)


def trusted_authorities() -> Iterator[Expiry]:
    """The CAs in the trust bundle: when one expires, so do all certificates that it issued."""
    bundle = certificates_from_pem(library_settings().trust_bundle.read_bytes())
    for certificate in bundle:
        common_names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        subject = str(common_names[0].value) if common_names else certificate.subject.rfc4514_string()
        yield Expiry(
            name=f"authority-{_slug(subject)}-{certificate.serial_number % 2**32:08x}",
            what=f"authority {subject}",
            begins=certificate.not_valid_before_utc,
            ends=certificate.not_valid_after_utc,
            phase="replaced" if (replaced := _is_replaced(certificate, bundle)) else "valid",
            thresholds=None if replaced else BY_PEOPLE,
        )


def _is_replaced(authority: x509.Certificate, bundle: Sequence[x509.Certificate]) -> bool:
    """Whether the bundle has a later CA of the same name, which issues the renewals."""
    begins = authority.not_valid_before_utc
    return any(each.subject == authority.subject and each.not_valid_before_utc > begins for each in bundle)


def _listed(source: str) -> Iterable[Expiry]:
    listing: Callable[[], Iterable[Expiry]] = import_string(source)
    try:
        return list(listing())
    except Exception as error:  # noqa: BLE001 - one source that fails must not hide what the others list
        name = _slug(source.rsplit(".", maxsplit=1)[-1])
        return [Expiry(name, name.replace("-", " "), None, None, f"cannot be listed: {error}")]


def _own_certificate(declared: DeclaredStore) -> Expiry:
    name, what = f"certificate-{declared.purpose}", f"{declared.purpose} certificate"
    phase = "valid"
    try:
        generation = declared.store.current()
    except (NoGeneration, BrokenGeneration) as problem:
        try:
            generation = declared.store.last_good()
        except (NoGeneration, BrokenGeneration):
            return Expiry(name, what, None, None, str(problem), watched=False)
        phase = f"broken, an earlier one is used: {problem}"
    return Expiry(name, what, generation.obtained_at, generation.not_after, phase, watched=False)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60]
