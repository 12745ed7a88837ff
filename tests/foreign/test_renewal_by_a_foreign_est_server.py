"""The partner's certificate comes from any EST server, by settings."""

from pathlib import Path

import pytest

from sender_constraint.certificates.generations import GenerationStore
from tests.foreign.est_server import ForeignEST
from tests.foreign.services import Service
from tests.sender_constraint.authority import Authority

PASSWORD = "delivered on paper"


@pytest.mark.clause("RFC 7030 §4.2.1")
@pytest.mark.clause("RFC 7030 §4.2.2")
@pytest.mark.parametrize("with_chain", [True, False])
def test_it_enrols_with_a_password_and_renews_with_its_certificate(tmp_path: Path, with_chain: bool) -> None:
    authority = Authority(tmp_path, "Other")
    with ForeignEST(authority, PASSWORD, with_chain=with_chain) as est:
        state = tmp_path / "partner_client"
        partner = Service(
            "partner_client",
            state,
            {
                "EST_URL": est.url,
                "TRUST_BUNDLE": str(authority.trust_bundle),
                "PARTICIPANT": "partner",
                "CERTIFICATE_SUBJECT": "CN=somebody,O=Elsewhere Ltd,C=GB",
                "CERTIFICATE_SAN_DNS": "elsewhere.example",
                "CERTIFICATE_SAN_URI": "",
                "OCSP_URL": "none",
            },
        )
        partner.did("prepare")
        (state / "enrolment" / "client.secret").write_text(PASSWORD + "\n")
        partner.did("enrol")
        store = GenerationStore(state / "certificates" / "client")
        first = store.current()
        partner.did("enrol", "--replace")
        second = store.current()
        asked = [each.path.rpartition("/")[2] for each in est.server.asked]
    assert asked == ["simpleenroll", "simplereenroll"]
    assert est.server.asked[1].thumbprint == first.thumbprint
    assert second.certificate.public_key() != first.certificate.public_key()
    for generation in (first, second):
        assert generation.certificate.subject.rfc4514_string() == "CN=somebody,O=Elsewhere Ltd,C=GB"
        assert [each.subject for each in generation.chain[1:]] == [authority.issuing.subject]
    assert not (state / "enrolment" / "client.secret").exists()
