"""A small run of ``./scripts/fuzz --der``, and what it would say of a reader that fails."""

import random

import pytest

from tests.fuzz import der_kinds as kinds
from tests.fuzz.der import GENERALIZED_TIME, INTEGER, SEQUENCE, UTC_TIME, Node, node, oid, parse
from tests.fuzz.der_campaign import DerTally, consumers, run
from tests.fuzz.der_changes import changed
from tests.sender_constraint.pki import NOW

SEED = 20260301
MESSAGES = 400
ORIGINALS = {
    each.name: each.originals
    for each in (
        kinds.LEAVES,
        kinds.OWN,
        kinds.AUTHORITIES,
        kinds.REQUESTS,
        kinds.OCSP_REQUESTS,
        kinds.OCSP_RESPONSES,
        kinds.REVOCATION_LISTS,
        kinds.BUNDLES,
    )
}


@pytest.mark.clause("RFC 5280 §4.1")
def test_no_malformed_message_raises_anything_but_a_refusal() -> None:
    tally = DerTally()
    run(MESSAGES, SEED, tally, lambda: None)
    assert [str(each) for each in tally.defects.values()] == []
    assert tally.counts.total() == MESSAGES
    assert set(tally.counts) == {each.name for each in consumers().TARGETS}
    # The changes come deep: many rules refuse, not only those of the syntax.
    assert len(tally.rules) > 15, tally.rules


def test_what_is_not_changed_is_accepted() -> None:
    for target in consumers().TARGETS:
        for original in ORIGINALS.get(target.name, ()):
            target.consume(original)
    module = consumers()
    module.certificate_names.verify_scheme_certificate(
        (kinds.der_of(kinds.LEAF), kinds.der_of(kinds.ISSUING)), module.anchors(), module.STATUS, NOW
    )


@pytest.mark.parametrize("kind", ORIGINALS)
def test_der_that_is_parsed_and_written_again_is_the_same(kind: str) -> None:
    for original in ORIGINALS[kind]:
        assert bytes(parse(original)) == original


def test_lengths_fit_after_a_change_deep_within() -> None:
    tree = parse(kinds.der_of(kinds.LEAF))
    times = [each for each in tree.all() if each.tag in (UTC_TIME, GENERALIZED_TIME)]
    times[0].tag, times[0].content = GENERALIZED_TIME, b"00000101000000Z"
    again = parse(bytes(tree))
    assert b"00000101000000Z" in [each.content for each in again.all()]
    assert len(bytes(again)) == len(kinds.der_of(kinds.LEAF)) + 2


def test_a_seed_repeats_a_run() -> None:
    def made(seed: int) -> bytes:
        return bytes(changed(parse(kinds.REQUESTS.originals[0]), random.Random(seed)))  # noqa: S311 - to be repeatable

    assert made(1) == made(1) != made(2)


def test_a_reader_that_raises_is_a_defect_and_a_panic_is_one_too() -> None:
    class PanicException(BaseException):
        pass

    tally = DerTally()
    for error in (KeyError(99), PanicException("index out of bounds")):

        def consume(_message: bytes, error: BaseException = error) -> None:
            raise error

        tally.record("certificate", b"0", consume)
    assert tally.strays == {"certificate": 2}
    assert "KeyError: 99" in str(next(iter(tally.defects.values())))
    assert next(iter(tally.defects.values())).message == b"0"


def test_an_interrupted_run_keeps_what_was_counted() -> None:
    tally = DerTally()

    def interrupt() -> None:
        if tally.counts.total() == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(MESSAGES, SEED, tally, interrupt)
    assert tally.counts.total() == 20


def test_values_are_written_as_der_wants_them() -> None:
    assert bytes(oid("1.3.6.1.5.5.7.1.24")).hex() == "06082b06010505070118"
    assert bytes(node(SEQUENCE, Node(INTEGER, b"\x63"))).hex() == "3003020163"
    assert bytes(Node(SEQUENCE, b"x" * 300))[:4].hex() == "3082012c"
