"""Copies of what the parties keep: whoever searches finds what is there, and there is nothing to find."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from sender_constraint.core.thumbprints import certificate_thumbprint
from workshop.dumps import Dump, Dumps
from workshop.environment.deployment import Deployment
from workshop.loot import Cast
from workshop.story.partner import Partner

PARTIES = ("ca", "authserver", "bank_api", "partner_client")
DATABASES = ("ca", "authserver", "bank_api")


@pytest.fixture
def dumps(deployment: Deployment) -> Dumps:
    return Dumps(deployment)


def test_what_looks_like_a_credential_is_found(cast: Cast) -> None:
    planted = Dump({"a file": [f"token={cast.loot.token}\n"], "a column": [cast.loot.partner_pem.decode()]})

    assert planted.tokens() == [cast.loot.token]
    assert planted.certificates() == [cast.loot.partner_certificate]
    assert cast.loot.token in planted.credentials()
    assert Dump({"a file": ["-----BEGIN PRIVATE KEY-----\n"]}).private_keys() == ["a file"]


def test_the_partners_memory_holds_the_tokens_that_it_uses(dumps: Dumps, partner: Partner) -> None:
    tokens = dumps.tokens_in_memory()

    assert tokens
    assert all(token.count(".") == 2 for token in tokens)
    assert partner.generation.private_key_path.read_text() not in tokens


@pytest.mark.parametrize("party", PARTIES)
def test_no_token_is_kept_on_a_disk(dumps: Dumps, party: str) -> None:
    dump = dumps.disk(party)

    assert dump.texts, "nothing was copied"
    assert dump.tokens() == []


def test_the_partners_disk_has_no_private_key_but_in_the_files_for_it(dumps: Dumps) -> None:
    assert dumps.disk("partner_client").private_keys() == []


@pytest.mark.parametrize("service", DATABASES)
def test_a_database_holds_neither_token_nor_private_key_nor_secret(
    dumps: Dumps, cast: Cast, service: str
) -> None:
    dump = dumps.database(service)
    texts = json.dumps(dump.texts)

    assert dump.credentials(), "nothing was copied"
    assert dump.tokens() == []
    assert dump.private_keys() == []
    assert cast.loot.enrolment.secret not in texts


def test_the_authoritys_database_has_the_certificates_that_everybody_may_see(
    dumps: Dumps, partner: Partner
) -> None:
    thumbprints = {
        certificate_thumbprint(each.public_bytes(Encoding.DER))
        for each in dumps.database("ca").certificates()
    }

    assert partner.generation.thumbprint in thumbprints


def test_the_queues_hold_neither_token_nor_private_key(dumps: Dumps) -> None:
    dump = dumps.queues()

    assert dump.credentials(), "nothing was copied"
    assert dump.tokens() == []
    assert dump.private_keys() == []


def test_elsewhere_there_is_nothing_to_copy(deployment: Deployment, tmp_path: Path) -> None:
    away = Dumps(replace(deployment, states={party: tmp_path / party for party in deployment.states}))

    with pytest.raises(LookupError):
        away.disk("partner_client")
    with pytest.raises(LookupError):
        away.database("ca")
