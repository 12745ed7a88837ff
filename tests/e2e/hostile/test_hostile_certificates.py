"""Certificates that cost: their number, their size, their keys, their names, their chains."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from time import monotonic

import pytest
from cryptography import x509
from OpenSSL import SSL

from operations.settings.environment import REPOSITORY
from tests.e2e.hostile.conftest import Besieging, BesiegingAll
from tests.e2e.hostile.credentials import (
    CURVES,
    Files,
    cross_certified,
    line_of_issuers,
    long_name,
    long_rsa_key,
    p256,
    self_signed,
)
from tests.e2e.hostile.flood import Order, Outcome
from tests.e2e.hostile.presenting import answer_to, context_presenting
from tests.e2e.hostile.siege import honest_calls_while
from tests.e2e.hostile.target import Target
from workshop.wire import Credentials

PER_SECOND = 500
FLOOD_SECONDS = 10
FLOODERS = 2
AT_ONCE = 32

# At each port.
PRESENTERS = 2
PRESENTING_SECONDS = 0.5

Making = Callable[[Files], Credentials]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("hostile"))


def of_kind(kind: str) -> Making:
    def make(files: Files) -> Credentials:
        key = CURVES[kind]()
        return files.write(key, self_signed(key))

    return make


def with_noise(size: int) -> Making:
    def make(files: Files) -> Credentials:
        key = p256()
        return files.write(key, self_signed(key, noise=size))

    return make


def with_subject(size: int) -> Making:
    def make(files: Files) -> Credentials:
        key = p256()
        return files.write(key, self_signed(key, subject=long_name(size)))

    return make


def with_dns_name(size: int) -> Making:
    def make(files: Files) -> Credentials:
        key = p256()
        return files.write(key, self_signed(key, names=[x509.DNSName("x" * size)]))

    return make


def with_a_long_rsa_key(files: Files) -> Credentials:
    key = long_rsa_key()
    return files.write(key, self_signed(key))


def with_a_line_of_issuers(count: int) -> Making:
    def make(files: Files) -> Credentials:
        key = p256()
        return files.write(key, *line_of_issuers(key, count))

    return make


def with_cross_certified_issuers(exponent_bits: int) -> Making:
    def make(files: Files) -> Credentials:
        key = p256()
        return files.write(key, *cross_certified(key, exponent_bits))

    return make


CASES: Mapping[str, Making] = {
    "a chain of 50 certificates": with_a_line_of_issuers(50),
    "a chain of 10 certificates": with_a_line_of_issuers(10),
    "9 issuers that certify one another": with_cross_certified_issuers(17),
    "9 issuers with RSA exponents of 3,071 bits": with_cross_certified_issuers(3071),
    "a certificate of 100 KB": with_noise(100_000),
    "a certificate of 200 KB": with_noise(200_000),
    "an RSA key of 16,384 bits": with_a_long_rsa_key,
    "a subject of 64 KB": with_subject(65_536),
    "a subject of 14 KB": with_subject(14_000),
    "a DNS name of 64 KB": with_dns_name(65_536),
    **{f"a key of kind {kind}": of_kind(kind) for kind in CURVES},
}


@pytest.fixture(scope="module")
def credentials_of(files: Files) -> Callable[[str], Credentials]:
    """Each case's credentials, made once for all ports."""
    made: dict[str, Credentials] = {}

    def of(case: str) -> Credentials:
        if case not in made:
            made[case] = CASES[case](files)
        return made[case]

    return of


@pytest.mark.clause("RFC 8446 §4.4.2")
@pytest.mark.parametrize("case", CASES)
def test_an_odd_or_oversized_certificate_is_refused_and_keeps_nobody_out(
    tls_targets: Sequence[Target],
    besieging_all: BesiegingAll,
    credentials_of: Callable[[str], Credentials],
    case: str,
) -> None:
    contexts = [context_presenting(each, credentials_of(case)) for each in tls_targets]

    with (
        besieging_all(case, tls_targets) as sieges,
        ThreadPoolExecutor(PRESENTERS * len(tls_targets)) as presenters,
    ):
        end = monotonic() + PRESENTING_SECONDS

        def present(target: Target, context: SSL.Context) -> Counter[str]:
            answers: Counter[str] = Counter()
            while monotonic() < end:
                answers[status_in(answer_to(target, context))] += 1
            return answers

        presenting = [
            presenters.submit(present, *each)
            for each in zip(tls_targets, contexts, strict=True)
            for _ in range(PRESENTERS)
        ]
        honest_calls_while(sieges, lambda: not all(each.done() for each in presenting))
        for number, siege in enumerate(sieges):
            of_port = presenting[number * PRESENTERS : (number + 1) * PRESENTERS]
            answers = sum((each.result() for each in of_port), Counter[str]())
            siege.note = told(answers)
            assert set(answers) <= {"400", "401", "403", "none"}, answers


@pytest.mark.clause("RFC 8446 §4.4.3")
def test_a_flood_of_bad_certificates_keeps_nobody_out(
    tls_target: Target, besieging: Besieging, files: Files
) -> None:
    own, chained = p256(), p256()
    bad = [
        files.write(own, self_signed(own)),
        files.write(chained, *line_of_issuers(chained, 3)),
        files.without_the_key(self_signed(p256())),
    ]
    order = Order(
        port=tls_target.port,
        trust_bundle=str(tls_target.trust_bundle),
        credentials=[(str(each.certificate), str(each.private_key)) for each in bad],
        request=tls_target.protected.decode(),
        per_second=PER_SECOND // FLOODERS,
        seconds=FLOOD_SECONDS,
        at_once=AT_ONCE // FLOODERS,
    )
    with besieging(f"{PER_SECOND} bad certificates a second", tls_target) as siege:
        flooding = [flood(order) for _ in range(FLOODERS)]
        siege.honest_calls_while(lambda: any(each.poll() is None for each in flooding))
        outcomes = [Outcome(**json.loads(each.communicate()[0])) for each in flooding]
        ends = sum((Counter(each.ends) for each in outcomes), Counter())
        rate = sum(ends.values()) / max(each.seconds for each in outcomes)
        siege.note = f"{rate:.0f}/s reached: {told(ends)}"
    assert set(ends) <= {"400", "401", "403", "SSLV3_ALERT_DECRYPT_ERROR", "TLSV1_ALERT_DECRYPT_ERROR"}, ends
    assert sum(ends.values()) > FLOOD_SECONDS * PER_SECOND / 10, "a flood worth the name"


def flood(order: Order) -> subprocess.Popen[str]:
    """A process that carries out an order."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.hostile.flood"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(asdict(order)))
    process.stdin.close()
    process.stdin = None
    return process


def status_in(answer: bytes) -> str:
    """The HTTP status of an answer; "none" without one."""
    return answer.split(b" ", 2)[1].decode() if answer else "none"


def told(ends: Mapping[str, int]) -> str:
    """For the table."""
    return ", ".join(f"{count} times {end}" for end, count in sorted(ends.items()))
