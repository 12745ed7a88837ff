"""What containers are told: settings, passwords and one-time secrets, made before the first of them starts.

Run as ``python -m workshop.environment.containers`` with every party's volume mounted under WORKSHOP_STATE,
and safe to repeat: passwords are made once, settings are written at every start. Settings of the user's own,
in ``compose/SERVICE.env``, are checked here: Compose itself gives them to the containers of the service.
"""

import os
import secrets
from pathlib import Path

from workshop.environment import settings_check
from workshop.environment.deployment import attached
from workshop.environment.env_file import read_file
from workshop.environment.parties import ORGANISATIONS, SERVICES, Parties, organisations
from workshop.environment.running import CannotStart, did_you_mean
from workshop.private_files import write_private

# All interfaces of a container that only its own networks reach.
BINDS = {
    "ca": "0.0.0.0:8440",
    "ca_public": "0.0.0.0:8480",
    "authserver": "0.0.0.0:8441",
    "bank_api": "0.0.0.0:8442",
    # Pages, in the clear, are for a network of their own alone: there the service has this name.
    "partner_client": "partner-pages:8000",
    "ca_pages": "operator-pages:8001",
    "authserver_pages": "issuer-pages:8002",
    "bank_api_pages": "bank-pages:8003",
}
# Where the folder compose/ is mounted.
OWN_SETTINGS = Path("/own")
SUPERUSER = "postgres"
# The services that keep something in a database; the partner keeps files alone.
WITH_DATABASE = ("ca", "authserver", "bank_api")


def main() -> None:
    """Write everything that is not there yet, and the settings."""
    deployment = attached()
    if deployment is None:
        raise SystemExit("WORKSHOP_STATE is not set: this runs inside docker compose only")
    passwords = database_passwords(Path("/passwords"))
    redis = redis_passwords(Path("/redis"))
    connections = {
        service: {"REDIS_URL": f"redis://:{redis[organisation]}@{_redis_host(organisation)}:6379/{number}"}
        | (_database(service, passwords[service]) if service in passwords else {})
        for service, (organisation, number) in ORGANISATIONS.items()
    }
    try:
        parties = Parties(deployment, BINDS, settings_of_their_own(OWN_SETTINGS))
        parties.make_folders()
        settings_check.refuse_unusable(Path(os.environ["WORKSHOP_STATE"]), parties, connections)
    except CannotStart as reason:
        raise SystemExit(f"settings: {reason}") from None
    for line in parties.notes():
        print(f"note: {line}")
    parties.forget_renamed_certificates()
    parties.write_settings(connections)
    parties.write_participants()
    parties.write_own_clients()


def settings_of_their_own(folder: Path) -> dict[str, dict[str, str]]:
    """What ``SERVICE.env`` in this folder sets, by service.

    Raises CannotStart for a line that is not a setting, and for what ``docker-compose.yml`` decides.
    """
    for file in folder.glob("*.env"):
        if file.stem not in SERVICES:
            raise CannotStart(
                f"compose/{file.name}: there is no such service.{did_you_mean(file.stem, SERVICES)}"
            )
    settings = {service: read_file(folder / f"{service}.env") for service in SERVICES}
    for service, own in settings.items():
        for name in own:
            if name.endswith("BIND") or (service, name) == ("ca", "CERTIFICATE_LIFETIME_SECONDS"):
                raise CannotStart(
                    f"compose/{service}.env: {name} is decided by docker-compose.yml, for all containers.\n"
                    "  Next: give its variables to docker compose: CA_PORT and the other ..._PORT, or "
                    "CERTIFICATE_LIFETIME_SECONDS."
                )
    return settings


def database_passwords(folder: Path) -> dict[str, str]:
    """By role, its password; made once. The database's user may read them: their volume is the wall."""
    return {role: _made_once(folder / role, 0o444) for role in (SUPERUSER, *WITH_DATABASE)}


def redis_passwords(folder: Path) -> dict[str, str]:
    """By organisation, the password of its server, which reads it from its configuration."""
    passwords = {}
    for organisation in organisations():
        password = _made_once(folder / organisation / "password", 0o400)
        # Queues of recurring work, which are filled again, and the replay store: nothing is kept on disk, and
        # what may have been used before a start is not accepted. A full server refuses to record.
        lines = [f"requirepass {password}", 'save ""', "appendonly no", "maxmemory-policy noeviction", ""]
        write_private(folder / organisation / "redis.conf", "\n".join(lines))
        passwords[organisation] = password
    return passwords


def _database(service: str, password: str) -> dict[str, str]:
    return {"DATABASE_URL": f"postgres://{service}:{password}@postgres:5432/{service}"}


def _redis_host(organisation: str) -> str:
    return f"redis-{organisation.replace('_', '-')}"


def _made_once(file: Path, mode: int) -> str:
    if not file.exists():
        write_private(file, secrets.token_urlsafe(32)).chmod(mode)
    return file.read_text()


if __name__ == "__main__":
    main()
