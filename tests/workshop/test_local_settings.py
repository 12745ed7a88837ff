"""The user's own settings for services that ``up`` starts: accepted, refused, taken back."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from operations.settings.environment import REPOSITORY
from workshop.environment import local_settings, settings_check
from workshop.environment.env_file import line_of, read_file, setting_in
from workshop.environment.local import Environment
from workshop.environment.local_settings import Change
from workshop.environment.parties import SERVICES
from workshop.environment.ports import Ports
from workshop.environment.running import CannotStart, UsageError


def settings_in_the_table() -> dict[str, list[str]]:
    """By service, its settings in docs/architecture.md; its folder is given by --state."""
    text = (REPOSITORY / "docs" / "architecture.md").read_text()
    _, table = text.split("| setting | of | what |\n", 1)
    found: dict[str, list[str]] = {"ca": [], "authserver": [], "bank_api": [], "partner_client": []}
    for row in table.split("\n\n", 1)[0].splitlines():
        _, names, of, *_ = row.split("|")
        for service, settings in found.items():
            if of.strip() == "all" or service in re.findall(r"\w+", of):
                settings += [name for name in re.findall(r"`([A-Z_]+)`", names) if name != "STATE_DIR"]
    return found


def started_with(root: Path, *changes: str) -> Mapping[str, Mapping[str, str]]:
    """The settings in the files after ``up --set`` with these; Raises what ``up`` would say."""
    parsed = [Change.parse(change) for change in changes]
    settings = local_settings.changed(local_settings.read(root), parsed)
    Environment(root, ports=local_settings.ports_of(settings, Ports()), settings=settings).check_settings(
        [(change.service, change.name) for change in parsed]
    )
    local_settings.write(root, settings)
    return local_settings.read(root)


@pytest.mark.parametrize(("service", "names"), settings_in_the_table().items())
def test_every_setting_of_the_table_is_kept_and_wins_over_what_is_generated(
    tmp_path: Path, service: str, names: list[str]
) -> None:
    assert {"LOG_LEVEL", "WEB_CONCURRENCY", "TRUST_BUNDLE"} <= set(names)
    values = {name: f"/my own/{name}" for name in names} | {"BIND": "127.0.0.1:19001"}
    changes = [Change.parse(f"{service}.{name}={value}") for name, value in values.items()]
    local_settings.write(tmp_path, local_settings.changed(local_settings.read(tmp_path), changes))
    assert read_file(tmp_path / service / "local.env") == values
    parties = Environment(tmp_path, settings=local_settings.read(tmp_path)).parties
    parties.make_folders()
    parties.write_settings({each: {"REDIS_URL": "redis://generated"} for each in SERVICES})
    assert read_file(tmp_path / service / "service.env").items() >= values.items()
    known = settings_check.verdict_on(
        tmp_path, tmp_path / service, service, Environment(tmp_path).parties.settings(service)
    )
    assert set(names) <= known.names


def test_a_setting_that_the_service_does_not_have_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no setting DPOP_NONCE_REQUIRD\. Did you mean DPOP_NONCE_REQUIRED"):
        started_with(tmp_path, "bank_api.DPOP_NONCE_REQUIRD=true")
    with pytest.raises(UsageError, match="it is a setting of authserver"):
        started_with(tmp_path, "bank_api.RESOURCES=https://orders.example")
    with pytest.raises(UsageError, match="STATE_DIR cannot be set here"):
        started_with(tmp_path, "bank_api.STATE_DIR=/elsewhere")
    assert not list(tmp_path.rglob("local.env"))
    assert started_with(tmp_path, "bank_api.DPOP_NONCE_REQUIRED=true")["bank_api"]


def test_an_unknown_name_in_an_edited_file_is_refused_as_well(tmp_path: Path) -> None:
    (tmp_path / "other_partner").mkdir()
    (tmp_path / "other_partner" / "local.env").write_text("# mine\nBIND=127.0.0.1:9000\n")
    with pytest.raises(CannotStart, match="other_partner has no setting BIND") as refused:
        started_with(tmp_path)
    assert not isinstance(refused.value, UsageError)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("bank_api.DPOP_NONCE_REQUIRED=ture", "DPOP_NONCE_REQUIRED is 'ture'. Use true or false."),
        ("bank_api.WEB_CONCURRENCY=0", "WEB_CONCURRENCY is 0"),
        ("bank_api.HEADER_SECONDS=ten", "HEADER_SECONDS is not a whole number: 'ten'"),
        ("bank_api.BODY_SECONDS=0", "The limit for body is 0"),
        ("bank_api.LOG_LEVEL=LOUD", "LOG_LEVEL is LOUD"),
        ("bank_api.SERVER_KEY_FILE=/key.pem", "SERVER_CERTIFICATE_FILE and SERVER_KEY_FILE belong together"),
        ("authserver.ACCESS_TOKEN_LIFETIME_SECONDS=-1", r"out of range.*\(authserver.E003\)"),
        ("ca.CRL_LIFETIME_SECONDS=60", r"\(ca.E009\)"),
        ("authserver.BIND=10.0.0.1:8441", "use 127.0.0.1:PORT"),
    ],
)
def test_a_value_that_the_service_refuses_stops_up_before_anything_is_written(
    tmp_path: Path, change: str, reason: str
) -> None:
    with pytest.raises(CannotStart, match=reason):
        started_with(tmp_path, change)
    assert not list(tmp_path.rglob("*.env"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("bankapi.LOG_LEVEL=DEBUG", "there is no service 'bankapi'. Did you mean bank_api?"),
        ("bank_api.LOG_LEVEL", "is not SERVICE.NAME=VALUE"),
        ("LOG_LEVEL=DEBUG", "is not SERVICE.NAME=VALUE"),
        ("bank_api.log_level=DEBUG", "is not SERVICE.NAME=VALUE"),
        ("bank_api.LOG_LEVEL=DEBUG\nDEMO=false", "a character that a line cannot hold"),
    ],
)
def test_another_form_is_refused(text: str, reason: str) -> None:
    assert Change.parse("bank_api.LOG_LEVEL=DEBUG") == Change("bank_api", "LOG_LEVEL", "DEBUG")
    with pytest.raises(UsageError, match=re.escape(reason)):
        Change.parse(text)


def test_a_value_is_taken_back_and_comments_stay(tmp_path: Path) -> None:
    file = tmp_path / "ca" / "local.env"
    file.parent.mkdir()
    file.write_text("# why\nLOG_LEVEL=DEBUG\n\nSTOP_SECONDS=3\n")
    settings = local_settings.changed(
        local_settings.read(tmp_path),
        [
            Change.parse("ca.LOG_LEVEL", unset=True),
            Change.parse("ca.STOP_SECONDS=4"),
            Change.parse("ca.DEMO=x"),
        ],
    )
    local_settings.write(tmp_path, settings)
    assert file.read_text() == "# why\n\nSTOP_SECONDS=4\nDEMO=x\n"
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UsageError, match=r"ca\.LOG_LEVEL is not set: these are: ca.STOP_SECONDS, ca.DEMO"):
        local_settings.changed(settings, [Change.parse("ca.LOG_LEVEL", unset=True)])


@pytest.mark.parametrize("line", ["LOG_LEVEL = DEBUG", "LOG_LEVEL", "  LOG_LEVEL=DEBUG"])
def test_a_line_of_another_form_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "local.env"
    file.write_text(f"# mine\n{line}\n")
    with pytest.raises(CannotStart, match=r"local.env, line 2, is not NAME=VALUE"):
        read_file(file)


def test_a_name_that_is_set_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "local.env"
    file.write_text("DEMO=true\nDEMO=false\n")
    with pytest.raises(CannotStart, match="line 2: DEMO is set a second time"):
        read_file(file)


@pytest.mark.parametrize(
    "value", ["", "a=b", "'quoted'", '"quoted"', "ends with \\", '" \\" ', " spaces ", "# no comment"]
)
def test_every_value_is_read_back_as_it_was_given(value: str) -> None:
    assert setting_in(line_of("NAME", value)) == ("NAME", value)


def test_a_port_or_a_lifetime_that_is_set_moves_it_for_all_parties(tmp_path: Path) -> None:
    settings = {"authserver": {"BIND": "0.0.0.0:9441"}, "ca": {"CERTIFICATE_LIFETIME_SECONDS": "600"}}
    environment = Environment(
        tmp_path,
        ports=local_settings.ports_of(settings, Ports()),
        lifetime_seconds=local_settings.lifetime_of(settings, None),
        settings=settings,
    )
    for service in ("authserver", "bank_api", "partner_client", "other_partner"):
        assert environment.parties.settings(service)["ISSUER"] == "https://localhost:9441"
        assert environment.parties.settings(service)["RENEWAL_CHECK_SECONDS"] == "20"
    with pytest.raises(UsageError, match="--lifetime is 60, and"):
        local_settings.lifetime_of(settings, 60)


def test_what_one_party_changes_of_what_all_agree_on_is_announced(tmp_path: Path) -> None:
    alone = Environment(tmp_path, settings={"bank_api": {"ISSUER": "https://login.other.example"}})
    assert list(alone.parties.notes()) == [
        "bank_api.ISSUER is https://login.other.example; "
        "authserver, partner_client, other_partner: https://localhost:8441"
    ]
    agreed = {service: {"PROFILE": "fapi2"} for service in SERVICES if service != "ca"}
    assert list(Environment(tmp_path, settings=agreed).parties.notes()) == []


def test_other_names_in_a_certificate_are_admitted_and_the_old_one_is_forgotten(tmp_path: Path) -> None:
    connections: dict[str, dict[str, str]] = {service: {} for service in SERVICES}
    before = Environment(tmp_path).parties
    before.make_folders()
    before.write_settings(connections)
    stores = [tmp_path / "bank_api" / "certificates" / purpose for purpose in ("server", "client")]
    for store in stores:
        store.mkdir(parents=True)
    assert before.forget_renamed_certificates() == []
    own = {"bank_api": {"CLIENT_CERTIFICATE_SAN_DNS": "one.example, two.example"}}
    after = Environment(tmp_path, settings=own).parties
    assert after.forget_renamed_certificates() == ["bank_api"]
    assert [store.exists() for store in stores] == [True, False]
    entries = {entry["name"]: entry for entry in json.loads(after.write_participants().read_text())}
    assert entries["bank-api-client"]["san_dns"] == ["one.example", "two.example"]
    assert entries["bank-api"]["san_dns"] == ["localhost"]


def test_secrets_are_not_shown() -> None:
    assert local_settings.shown("REDIS_URL", "redis://:word@host/0") == "REDIS_URL=redis://:***@host/0"
    assert local_settings.shown("SECRET_KEY", "word") == "SECRET_KEY=(not shown)"
    assert local_settings.shown("BIND", "127.0.0.1:1") == "BIND=127.0.0.1:1"
