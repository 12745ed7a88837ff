"""Several authorities, each with a responder of its own, or with none."""

import pytest

from sender_constraint.certificates.issuer_status import (
    NONE,
    StatusByIssuer,
    UnaskedStatus,
    responders_of,
)
from sender_constraint.core.errors import InvalidToken
from sender_constraint.core.names import parse_distinguished_name
from sender_constraint.core.revocation import REVOKED, State, check_revocation
from tests.sender_constraint.pki import issue, make_scheme
from tests.sender_constraint.statuses import Statuses

OURS, OTHER = make_scheme("Ours"), make_scheme("Other")


def test_each_authority_is_asked_at_its_own_responder() -> None:
    ours, other = Statuses(), Statuses()
    sources = {"http://other.example/ocsp": other}
    by_issuer = StatusByIssuer(
        ours, responders_of("http://other.example/ocsp CN=Other Issuing"), sources.__getitem__
    )
    own, foreign = issue(OURS.issuing), issue(OTHER.issuing)
    other.say(foreign.certificate, State.REVOKED)
    ours.say(own.certificate, State.REVOKED)
    for issued, scheme in ((own, OURS), (foreign, OTHER)):
        chain = (issued.certificate, scheme.issuing.certificate)
        with pytest.raises(InvalidToken) as refused:
            check_revocation(chain, by_issuer, InvalidToken)
        assert refused.value.rule is REVOKED


def test_of_an_authority_without_a_responder_everything_is_good() -> None:
    ours = Statuses()
    by_issuer = StatusByIssuer(ours, responders_of(f"{NONE} CN=Other Issuing"), lambda _url: Statuses())
    foreign, own = issue(OTHER.issuing), issue(OURS.issuing)
    ours.say(foreign.certificate, State.REVOKED)
    ours.say(own.certificate, State.REVOKED)
    status = by_issuer.status_of(foreign.certificate, OTHER.issuing.certificate)
    assert status is not None
    assert status.state is State.GOOD
    known = by_issuer.status_of(own.certificate, OURS.issuing.certificate)
    assert known is not None
    assert known.state is State.REVOKED
    assert UnaskedStatus().why_none(own.certificate, OURS.issuing.certificate)["age_seconds"] is None


def test_a_name_may_have_commas_and_a_setting_several_entries() -> None:
    read = responders_of(" http://a.example/ocsp CN=A,O=A Ltd,C=GB ;none CN=B; ")
    assert read == {
        parse_distinguished_name("CN=A,O=A Ltd,C=GB"): "http://a.example/ocsp",
        parse_distinguished_name("CN=B"): NONE,
    }
    assert responders_of("") == {}


@pytest.mark.parametrize(
    "text", ["https://a.example CN=A", "CN=A", "none", "none A", "none CN=A; none CN=A", "http:// CN=A"]
)
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        responders_of(text)
