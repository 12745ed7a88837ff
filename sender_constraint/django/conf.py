"""The one setting of this library, ``SENDER_CONSTRAINT``: a dictionary with the keys below.

In ``settings.py``::

    INSTALLED_APPS = ["rest_framework", "sender_constraint.django", "orders"]
    MIDDLEWARE = ["sender_constraint.django.SenderConstraintMiddleware", ...]
    SENDER_CONSTRAINT = {
        "ISSUER": "https://login.example",
        "RESOURCE": "https://api.example",
        "TRUST_BUNDLE": "/etc/orders/authorities.pem",
        "OCSP_URL": "http://ca.example/ocsp",
        "REDIS_URL": "redis://localhost:6379/0",
    }

and in ``REST_FRAMEWORK`` the classes ``BoundTokenAuthentication`` and ``RequiredScope`` and the function
``exception_handler`` of ``sender_constraint.django``. Numbered checks report at start what cannot work.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_type_hints

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from sender_constraint.core.resources import origin_of
from sender_constraint.resource_server.binding_certificate import AcceptForeign

SETTING = "SENDER_CONSTRAINT"


@dataclass(frozen=True, slots=True)
class LibrarySettings:
    """The setting ``SENDER_CONSTRAINT``, with defaults. Its keys are these names in capital letters.

    The issuer and its tokens:

    issuer: identifier of the authorization server whose tokens are accepted.
    issuer_algorithms: with which it signs: ES256, PS256, EdDSA; RS256 where it knows no other.
    issuer_jwks_uri: where its keys are, if it publishes no metadata.
    access_token_types: the header ``typ`` of its tokens; ``JWT`` where it does not follow RFC 9068.
    client_id_claim, scope_claim: where its tokens name the client and the scopes.
    introspection_client_id: the client as which this API asks the issuer about opaque tokens (RFC 7662), by
        the certificate in client_certificates; empty: opaque tokens are refused.
    client_certificates: the folder of a GenerationStore.
    introspections_per_certificate, introspections_without_certificate: how many unknown opaque tokens a
        minute each worker asks about: for one certificate of the scheme, and for all other callers together.

    This API:

    name: in events and in its metadata (RFC 9728); by default the package that ROOT_URLCONF is in.
    resource: its identifier: the audience of its tokens (RFC 8707), and the realm.
    public_origin: scheme, host and port at which it is called; by default those of the resource.
    server_certificate_file: of its own TLS server, PEM; for checks at start only.
    redis_url: the Redis server that records used DPoP proofs; ``none``: DPoP-bound tokens are refused.
    dpop_nonce_required: whether each DPoP proof needs a nonce of this API.
    dpop_nonce_seconds: after so many seconds the nonce rotates; the previous one is accepted too.
    report_routes: routes, as ``urls.py`` writes them, on which ReportingTokenAuthentication only reports.
    bearer_clients: clients whose unbound tokens UnboundTokenAuthentication accepts.
    reporter: dotted path of what makes the EventReporter of a process, given ``name``.

    Certificates:

    trust_bundle: PEM file of the scheme's certificate authorities; no others are trusted.
    accept_foreign_certificates: whether certificates of other issuers may bind; or only ``self-signed`` ones.
    ocsp_url: the authorities' OCSP responder, ``http``; ``none``: revocation is not checked.
    issuer_status: responders of other authorities: ``http://ocsp.example CN=Other CA; none CN=...``.
    revocation_seconds: a revoked certificate is refused everywhere after at most so many seconds.
    status_grace_seconds: for so much longer a known status is used while the responder is down.
    """

    issuer: str = ""
    issuer_algorithms: Sequence[str] = ("ES256", "PS256", "EdDSA")
    issuer_jwks_uri: str = ""
    access_token_types: Sequence[str] = ("at+jwt",)
    client_id_claim: str = "client_id"
    scope_claim: str = "scope"
    introspection_client_id: str = ""
    client_certificates: Path | None = None
    introspections_per_certificate: int = 60
    introspections_without_certificate: int = 60
    name: str = ""
    resource: str = ""
    public_origin: str = ""
    server_certificate_file: Path | None = None
    redis_url: str = ""
    dpop_nonce_required: bool = False
    dpop_nonce_seconds: int = 60
    report_routes: Sequence[str] = ()
    bearer_clients: Sequence[str] = ()
    reporter: str = "sender_constraint.core.LoggingReporter"
    trust_bundle: Path = Path()
    accept_foreign_certificates: AcceptForeign = False
    ocsp_url: str = ""
    issuer_status: str = ""
    revocation_seconds: int = 5
    status_grace_seconds: int = 0


KINDS: Mapping[str, Any] = {name.upper(): kind for name, kind in get_type_hints(LibrarySettings).items()}
_WORDS = {
    str: "text",
    int: "a whole number",
    bool: "True or False",
    Path: "a path",
    Path | None: "a path, or None",
    Sequence[str]: "a list of texts",
    AcceptForeign: "True, False or 'self-signed'",
}

_read: tuple[Any, LibrarySettings] | None = None


def library_settings() -> LibrarySettings:
    """The settings of this process. Raises ImproperlyConfigured for what ``setting_problems`` reports."""
    global _read  # read once; again where a test replaces the setting
    given = getattr(settings, SETTING, {})
    if _read is None or _read[0] is not given:
        if problems := setting_problems(given):
            raise ImproperlyConfigured(" ".join(problems))
        _read = given, _typed(given)
    return _read[1]


def setting_problems(given: Any) -> list[str]:
    """What is wrong with the keys and types of a value of ``SENDER_CONSTRAINT``, a sentence for each."""
    if not isinstance(given, Mapping):
        return [f"{SETTING} is not a dictionary."]
    return [problem for key, value in given.items() if (problem := _problem(key, value))]


def _problem(key: Any, value: Any) -> str | None:
    if key not in KINDS:
        nearest = get_close_matches(str(key).upper(), KINDS, n=1)
        meant = f" Did you mean {nearest[0]}?" if nearest else ""
        return f"{SETTING} has no key {key!r}.{meant}"
    kind = KINDS[key]
    return None if _is_of(kind, value) else f"{SETTING}[{key!r}] is {value!r}, and must be {_WORDS[kind]}."


def _is_of(kind: Any, value: Any) -> bool:
    if kind == Path:
        return isinstance(value, str | Path)
    if kind == Path | None:
        return value is None or isinstance(value, str | Path)
    if kind == Sequence[str]:
        return isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)
    if kind == AcceptForeign:
        return isinstance(value, bool) or value == "self-signed"
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _typed(given: Mapping[str, Any]) -> LibrarySettings:
    values = {key.lower(): _converted(KINDS[key], value) for key, value in given.items()}
    values.setdefault("name", str(settings.ROOT_URLCONF).partition(".")[0])
    values.setdefault("public_origin", origin_of(values.get("resource", "")))
    return LibrarySettings(**values)


def _converted(kind: Any, value: Any) -> Any:
    if kind == Sequence[str]:
        return tuple(value)
    return Path(value) if kind in (Path, Path | None) and value is not None else value
