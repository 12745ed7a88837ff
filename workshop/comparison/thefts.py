"""What a thief can take of each method, and how it tries to use it: by calls over real sockets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sender_constraint.client.dpop import DpopProofs
from workshop.calls import Call
from workshop.evidence import Evidence
from workshop.methods import BEARER, DPOP, Holder, new_proofs, with_proof
from workshop.story.stage import Stage, outcome_of
from workshop.story.theft import enrolled_thief
from workshop.wire import NO_CREDENTIALS, Credentials, Exchange

TOKEN = "the token"  # noqa: S105 - the name of what is taken
REQUEST = "a request"
SIGNING_KEY = "the signing key"
KEY = "the token and the key"

MISSING = "binding.certificate-missing"
OTHER = "binding.certificate"


@dataclass(frozen=True)
class Theft:
    """One attempt.

    taken: what the thief has: TOKEN, REQUEST (whole, as it was overheard), SIGNING_KEY (with which the client
    authenticates) or KEY (to which tokens are bound, and the token). what: how it uses it.
    call: makes the attempt. outcome: what must come of it: ``401 invalid_token``. rule: that refuses; None
    where the thief succeeds.
    """

    taken: str
    what: str
    call: Callable[[], Call]
    outcome: str
    rule: str | None


@dataclass(frozen=True)
class Tried:
    """What came of an attempt, and what the servers wrote down about it."""

    theft: Theft
    exchange: Exchange
    evidence: Evidence

    @property
    def rule(self) -> str | None:
        """The rule that refused, by the bank's audit trail."""
        return self.evidence.rule

    @property
    def section(self) -> str | None:
        """The section behind it."""
        return self.evidence.section

    @property
    def outcome(self) -> str:
        """Status and error code."""
        return outcome_of(self.exchange)

    @property
    def answer(self) -> str:
        """What the thief reads: a refusal's challenge, otherwise the body; a token is not repeated."""
        document = self.exchange.json()
        if isinstance(document, dict) and "access_token" in document:
            return "a token"
        said = self.exchange.headers.get("www-authenticate") or self.exchange.body.decode(errors="replace")
        return " ".join(said.split())

    @property
    def succeeded(self) -> bool:
        """Whether the API served the thief."""
        return self.exchange.status == 200

    @property
    def holds(self) -> bool:
        """Whether it came out as it must."""
        return (self.outcome, self.rule) == (self.theft.outcome, self.theft.rule)


@dataclass(frozen=True)
class MethodThief:
    """Another participant of the scheme, with a certificate and a DPoP key of its own."""

    own: Credentials
    proofs: DpopProofs

    @classmethod
    def enrolled(cls, stage: Stage) -> "MethodThief":
        """It enrols like everyone. Raises StoryStopped."""
        own = enrolled_thief(stage)
        credentials = Credentials(own.certificate_path, own.private_key_path)
        return cls(credentials, new_proofs())

    def thefts(self, holder: Holder, token: str, overhear: Callable[[Call], Exchange]) -> Sequence[Theft]:
        """All attempts on one method. overhear: makes a call of the holder's, which the thief overhears."""
        match holder.method.bound_to:
            case "nothing":
                return self._of_bearer(holder, token)
            case "certificate":
                thefts = self._of_certificate(holder, token, overhear)
            case _:
                thefts = self._of_key(holder, token, overhear)
        return [*thefts, *self._of_signing_key(holder), _with_key(holder, token)]

    def _of_bearer(self, holder: Holder, token: str) -> list[Theft]:
        alone = _presented(holder, BEARER, token)
        return [Theft(TOKEN, "alone, from anywhere", lambda: alone, "200", None)]

    def _of_certificate(
        self, holder: Holder, token: str, overhear: Callable[[Call], Exchange]
    ) -> list[Theft]:
        alone = _presented(holder, BEARER, token)
        overheard = holder.accounts_call(token)

        def repeated() -> Call:
            overhear(overheard)
            return overheard.but(credentials=self.own)

        return [
            Theft(TOKEN, "alone, without a certificate", lambda: alone, "401 invalid_token", MISSING),
            Theft(
                TOKEN, "beside the thief's own certificate of the scheme",
                lambda: alone.but(credentials=self.own), "401 invalid_token", OTHER,
            ),
            Theft(
                TOKEN, "as DPoP, with a proof by the thief's own key",
                lambda: with_proof(_presented(holder, DPOP, token), self.proofs, token),
                "401 invalid_token", "binding.other-token-as-dpop",
            ),
            Theft(
                REQUEST, "sent again, word for word, beside the thief's certificate",
                repeated, "401 invalid_token", OTHER,
            ),
        ]  # fmt: skip

    def _of_key(self, holder: Holder, token: str, overhear: Callable[[Call], Exchange]) -> list[Theft]:
        as_dpop = _presented(holder, DPOP, token)

        def repeated() -> Call:
            call = holder.accounts_call(token)
            overhear(call)
            return call.but(credentials=NO_CREDENTIALS)

        def elsewhere() -> Call:
            made = holder.presenting(as_dpop.at("/payments"), token)
            return made.at("/accounts").but(credentials=NO_CREDENTIALS)

        return [
            Theft(
                TOKEN, "alone, as a bearer token",
                lambda: _presented(holder, BEARER, token),
                "401 invalid_token", "binding.dpop-token-as-bearer",
            ),
            Theft(TOKEN, "without a proof", lambda: as_dpop, "401 invalid_dpop_proof", "dpop.missing"),
            Theft(
                TOKEN, "with a proof by the thief's own key",
                lambda: with_proof(as_dpop, self.proofs, token), "401 invalid_token", "dpop.other-key",
            ),
            Theft(REQUEST, "sent again, word for word", repeated, "401 invalid_dpop_proof", "dpop.replayed"),
            Theft(
                REQUEST, "its proof beside a call to another address", elsewhere,
                "401 invalid_dpop_proof", "dpop.url",
            ),
            Theft(
                REQUEST, "kept from arriving, and sent by the thief instead: once, within a minute",
                lambda: holder.accounts_call(token).but(credentials=NO_CREDENTIALS), "200", None,
            ),
        ]  # fmt: skip

    def _of_signing_key(self, holder: Holder) -> list[Theft]:
        """Whoever authenticates as the client binds tokens to what he has."""
        if not holder.method.key:
            return []

        def ask() -> Call:
            call = holder.token_call().but(credentials=self.own)
            return call if holder.proofs is None else with_proof(call, self.proofs, None)

        return [Theft(SIGNING_KEY, "for a token that is bound to the thief's own key", ask, "200", None)]


def try_it(stage: Stage, theft: Theft) -> Tried:
    """Make the attempt, and look up in the bank's audit trail why it was refused."""
    exchange = theft.call().send(stage.wire)
    return Tried(theft, exchange, stage.audit.about(exchange))


def _presented(holder: Holder, scheme: str, token: str) -> Call:
    url = f"{holder.api_url}{holder.method.accounts_path}"
    return Call("GET", url, None, NO_CREDENTIALS, (("Authorization", f"{scheme} {token}"),))


def _with_key(holder: Holder, token: str) -> Theft:
    """Whoever has the key as well is the client: until something ends it."""
    return Theft(KEY, "as the client itself", lambda: holder.accounts_call(token), "200", None)
