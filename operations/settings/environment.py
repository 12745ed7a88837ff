"""Typed settings of a service: the process's environment, then ``service.env`` in its state directory.

Every setting has the value that the local environment uses as its default, so that a service's
``manage.py`` works from a shell without any variable set.
"""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import environ
from environ import ImproperlyConfigured

from operations.settings import state_format
from sender_constraint.certificates import durable_files
from sender_constraint.certificates.placed import PlacedFiles

REPOSITORY = Path(__file__).resolve().parents[2]

# Where services keep their state, unless STATE_DIR says otherwise.
_VAR = REPOSITORY / "var"

# Anybody can send an odd Host: the audit trail has it, and the log needs no traceback of it. httpx reports
# each request: one for each certificate in use every two seconds, to a disk that may be busy.
_RECORDED_ELSEWHERE = {"django.security.DisallowedHost": "CRITICAL", "httpx": "WARNING"}

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_TRUE = ("true", "on", "ok", "y", "yes", "1")
_FALSE = ("false", "off", "n", "no", "0", "")


class _RecordingEnv(environ.FileAwareEnv):  # type: ignore[misc]  # the library has no types
    """Records the settings that this process reads, each with its default."""

    defaults_read: ClassVar[dict[str, str | None]] = {}

    def get_value(
        self, var: str, cast: Any = None, default: Any = environ.Env.NOTSET, parse_default: bool = False
    ) -> Any:
        """As the base class, for each typed reader."""
        self.defaults_read[var] = None if default is environ.Env.NOTSET else str(default)
        return super().get_value(var, cast, default, parse_default)


class ServiceEnvironment:
    """Reads the settings of one service.

    state: the directory that holds everything that this service keeps (``STATE_DIR``).
    settings_file: the name of the file with settings in there.
    defaults_read: the settings that this process has read so far, each with its default; None: required.

    A comment that begins with ``#:``, above the line that reads a setting, describes it: docs/settings.md is
    generated from these.
    """

    settings_file: ClassVar[str] = "service.env"
    defaults_read = _RecordingEnv.defaults_read

    def __init__(self, service: str) -> None:
        self.service = service
        self._env = _RecordingEnv()
        #: Folder with everything that the service keeps. Given to `./scripts/up` as `--state`.
        self.state = Path(self._env.str("STATE_DIR", str(_VAR / service))).absolute()
        state_format.check(self.state)
        file = self.state / self.settings_file
        if file.exists():
            self._env.read_env(file)

    def text(self, name: str, default: str | None = None) -> str:
        """A setting as text. Raises ImproperlyConfigured if it is missing and has no default."""
        return str(self._env.str(name, default if default is not None else environ.Env.NOTSET))

    def number(self, name: str, default: int) -> int:
        """A setting as a whole number. Raises ImproperlyConfigured."""
        try:
            return int(self._env.int(name, default))
        except ValueError:
            raise ImproperlyConfigured(f"{name} is not a whole number: {self.text(name)!r}.") from None

    def flag(self, name: str, default: bool = False) -> bool:
        """A setting as a truth value. Raises ImproperlyConfigured: a misspelt ``true`` is not ``false``."""
        given = self.text(name, str(default)).strip().lower()
        if given not in (*_TRUE, *_FALSE):
            raise ImproperlyConfigured(f"{name} is {given!r}. Use true or false.")
        return given in _TRUE

    def accept_foreign(self) -> bool | Literal["self-signed"]:
        """ACCEPT_FOREIGN_CERTIFICATES: a truth value, or ``self-signed``."""
        #: Whether certificates from outside the scheme can bind tokens: `false`, `true`, or `self-signed`
        #: (only self-issued ones).
        if self.text("ACCEPT_FOREIGN_CERTIFICATES", "") == "self-signed":
            return "self-signed"
        return self.flag("ACCEPT_FOREIGN_CERTIFICATES")

    def words(self, name: str, default: str = "") -> list[str]:
        """A setting as a list of words, separated by commas."""
        return [word.strip() for word in self.text(name, default).split(",") if word.strip()]

    def path(self, name: str, default: Path) -> Path:
        """A setting as an absolute path."""
        return Path(self.text(name, str(default))).absolute()

    def optional_path(self, name: str) -> Path | None:
        """A setting as an absolute path; None where it is empty or missing."""
        given = self.text(name, "")
        return Path(given).absolute() if given else None

    def secret_key(self) -> str:
        """Django's secret key: ``SECRET_KEY``, or one that is born here, in a file of mode 0600."""
        #: Django's secret key. Empty: generated in `STATE_DIR`, in a file of mode 0600.
        given = self.text("SECRET_KEY", "")
        return given or self._born_here("secret-key")

    def database(self) -> dict[str, Any]:
        """Django's default database: ``DATABASE_URL``, or SQLite in the state directory."""
        #: Database: SQLite, or PostgreSQL in Compose.
        url = self.text("DATABASE_URL", f"sqlite:///{self.state / 'database.sqlite3'}")
        database: dict[str, Any] = dict(environ.Env.db_url_config(url))
        if database["ENGINE"].endswith("sqlite3"):
            database["ENGINE"] = "operations.sqlite"
            database["OPTIONS"] = {
                "transaction_mode": "IMMEDIATE",
                "lock_seconds": 5,
                # Without a transaction SQLite waits itself, and its whole process with it.
                "timeout": 0.25,
                # What was answered outlives a power failure: each commit reaches the disk.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            }
        else:
            database["ENGINE"] = "operations.postgresql"
            database["OPTIONS"] = {"pool": {"min_size": 1, "max_size": 8, "timeout": 5}}
            # A restart closes the connections of the pool: each is tried before it is used.
            database["CONN_HEALTH_CHECKS"] = True
        return database

    def logging(self, levels: Mapping[str, str]) -> dict[str, Any]:
        """Django's ``LOGGING``: lines on standard error, from the level ``LOG_LEVEL`` on.

        levels: by logger, for those that would repeat what stands elsewhere.
        """
        #: `DEBUG`, `INFO`, `WARNING`, `ERROR` or `CRITICAL`.
        level = self.text("LOG_LEVEL", "INFO").upper()
        if level not in _LEVELS:
            raise ImproperlyConfigured(f"LOG_LEVEL is {level}. Use one of {', '.join(_LEVELS)}.")
        return {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
            "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["console"], "level": level},
            "loggers": {name: {"level": level} for name, level in {**_RECORDED_ELSEWHERE, **levels}.items()},
        }

    def trust_bundle(self) -> Path:
        """The PEM file of the scheme's certificate authorities, which every party shares."""
        #: PEM file of the trusted certificate authorities, root included.
        return self.path("TRUST_BUNDLE", self.state.parent / "public" / "trust-bundle.pem")

    def library(self) -> dict[str, Any]:
        """What every service has in ``SENDER_CONSTRAINT``, the setting of the library."""
        return {
            "NAME": self.service,
            "REPORTER": "operations.alarms.service.service_reporter",
            "TRUST_BUNDLE": self.trust_bundle(),
        }

    def revocation(self) -> dict[str, Any]:
        """What a service that checks certificates for revocation has there.

        From a revocation to refusal everywhere it takes REVOCATION_SECONDS, and in an outage of the authority
        STATUS_GRACE_SECONDS more. ISSUER_STATUS: responders of other authorities than that of OCSP_URL.
        """
        return {
            "OCSP_URL": self.ocsp_url(),
            #: OCSP responders of other authorities in the bundle, or `none`: [integrate](integrate.md).
            "ISSUER_STATUS": self.text("ISSUER_STATUS", ""),
            #: Maximum time, in seconds, from a revocation to refusal everywhere.
            "REVOCATION_SECONDS": self.number("REVOCATION_SECONDS", 5),
            #: Seconds for which the last known certificate status is still used while the authority is down.
            #: Announced at start if set.
            "STATUS_GRACE_SECONDS": self.number("STATUS_GRACE_SECONDS", 0),
        }

    def ocsp_url(self) -> str:
        """Where the authority answers for its certificates (RFC 6960): plain HTTP, as answers are signed."""
        #: OCSP responder of all authorities that `ISSUER_STATUS` does not name, or `none`.
        return self.text("OCSP_URL", "http://localhost:8480/ocsp")

    def placed_files(self, purpose: str) -> PlacedFiles | None:
        """Where something else puts the certificate of this purpose; None where we get it by ourselves.

        ``SERVER_CERTIFICATE_FILE`` and ``SERVER_KEY_FILE``, or the same with ``CLIENT``.
        """
        #: Certificate file, intermediates included, that another program maintains. Used in place of EST,
        #: together with the key file.
        certificate = self.optional_path(f"{purpose.upper()}_CERTIFICATE_FILE")
        #: Private key file that another program maintains.
        key = self.optional_path(f"{purpose.upper()}_KEY_FILE")
        if certificate is not None and key is not None:
            return PlacedFiles(certificate, key)
        if certificate is None and key is None:
            return None
        names = f"{purpose.upper()}_CERTIFICATE_FILE and {purpose.upper()}_KEY_FILE"
        raise ImproperlyConfigured(f"{names} belong together: set both, or neither.")

    def audit_directory(self) -> Path:
        """Where the audit trail of this service goes."""
        #: Folder of the audit trail.
        return self.path("AUDIT_DIR", self.state / "audit")

    def _born_here(self, name: str) -> str:
        file = self.state / name
        if not file.exists():
            self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
            # All processes of the service may start at once, and must find the same secret.
            durable_files.write_once(file, secrets.token_urlsafe(50).encode(), durable_files.PRIVATE)
        return file.read_text()
