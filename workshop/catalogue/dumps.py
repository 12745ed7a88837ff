"""What can be done with a copy of a party's memory, disk, database or queue: nothing, without the key.

RFC 9700 §2.2 (https://www.rfc-editor.org/rfc/rfc9700), RFC 8705 §7. Whatever looks like a credential is tried
where it could be one; of every kind of place a few, and each has to be refused.
"""

from workshop import forgery
from workshop.calls import Call
from workshop.catalogue.api_presentation import accounts_call
from workshop.catalogue.attack import Attack, Expected, Family
from workshop.catalogue.enrolment import asking, enrolment_call
from workshop.catalogue.token_requests import token_request
from workshop.dumps import Dump
from workshop.loot import Loot
from workshop.wire import NO_CREDENTIALS

AT_THE_API = Family("dump-at-api", "What was copied, shown to the API", accounts_call)
AT_THE_AUTHORITY = Family("dump-at-authority", "What was copied, as an enrolment secret", enrolment_call)
AT_THE_TOKEN_ENDPOINT = Family(
    "dump-at-token-endpoint",
    "What was copied, as a client's secret",
    lambda cast: token_request(cast, cast.partner),
)

# The API asks its issuer about 60 guesses of one certificate a minute (``INTROSPECTIONS_PER_CERTIFICATE``).
GUESSES_OF_EACH = 1

NO_SECRET = Expected(401, None, "est.credentials")


def tokens_in_memory(call: Call, loot: Loot) -> list[Call]:
    """Show each token with the thief's own certificate."""
    return [call.but(token=token, credentials=loot.own) for token in loot.dumps.tokens_in_memory()]


def certificates_on_disk(call: Call, loot: Loot) -> list[Call]:
    """Show the stolen token with each certificate of the partner's disk, and a key of the thief's."""
    return [
        call.but(credentials=loot.written(forgery.pem_of(each), forgery.mismatched_key(each)))
        for each in loot.dumps.disk("partner_client").certificates()
    ]


def disk_as_secrets(call: Call, loot: Loot) -> list[Call]:
    """Enrol as the partner with whatever stands on its disk."""
    return _as_secrets(call, loot, loot.dumps.disk("partner_client"))


def ca_database_as_secrets(call: Call, loot: Loot) -> list[Call]:
    """Enrol as the partner with whatever the register holds: digests of secrets among them."""
    return _as_secrets(call, loot, loot.dumps.database("ca"))


def authserver_database_as_secrets(call: Call, loot: Loot) -> list[Call]:
    """Authenticate as the partner with whatever the register of clients holds."""
    without = call.but(credentials=NO_CREDENTIALS)
    found = loot.dumps.database("authserver").credentials()
    return [without.with_form(client_secret=secret) for secret in found]


def bank_database_as_tokens(call: Call, loot: Loot) -> list[Call]:
    """Show whatever the bank's database holds as a token, with the thief's own certificate."""
    found = loot.dumps.database("bank_api").credentials(GUESSES_OF_EACH)
    return [call.but(token=each, credentials=loot.own) for each in found]


def authserver_database_as_tokens(call: Call, loot: Loot) -> list[Call]:
    """Show whatever the authorization server's database holds as a token, with the thief's certificate."""
    found = loot.dumps.database("authserver").credentials(GUESSES_OF_EACH)
    return [call.but(token=each, credentials=loot.own) for each in found]


def queues_as_secrets(call: Call, loot: Loot) -> list[Call]:
    """Enrol as the partner with whatever is in the queues."""
    return _as_secrets(call, loot, loot.dumps.queues())


def _as_secrets(call: Call, loot: Loot, dump: Dump) -> list[Call]:
    for_partner = asking(call, loot.request_for_partner)
    return [for_partner.with_basic("partner", each) for each in dump.credentials()]


ATTACKS: tuple[Attack, ...] = (
    Attack(
        AT_THE_API,
        "dump-of-memory",
        "the tokens in the partner's memory, with the thief's own certificate",
        tokens_in_memory,
        Expected(401, "invalid_token", "binding.certificate"),
    ),
    Attack(
        AT_THE_API,
        "dump-of-disk-certificates",
        "the token, and the certificates on the partner's disk",
        certificates_on_disk,
        Expected(None, "decrypt_error", "tls.possession"),
        insider=True,
    ),
    Attack(
        AT_THE_AUTHORITY,
        "dump-of-disk",
        "what stands on the partner's disk, as its enrolment secret",
        disk_as_secrets,
        NO_SECRET,
        insider=True,
    ),
    Attack(
        AT_THE_AUTHORITY,
        "dump-of-ca-database",
        "what the authority's database holds, as the partner's enrolment secret",
        ca_database_as_secrets,
        NO_SECRET,
        insider=True,
    ),
    Attack(
        AT_THE_TOKEN_ENDPOINT,
        "dump-of-authserver-database",
        "what the authorization server's database holds, as the partner's secret",
        authserver_database_as_secrets,
        Expected(401, "invalid_client", "client.method-supported"),
        insider=True,
    ),
    Attack(
        AT_THE_API,
        "dump-of-bank-database",
        "what the bank's database holds, as a token",
        bank_database_as_tokens,
        Expected(401, "invalid_token", "token.inactive"),
        insider=True,
    ),
    Attack(
        AT_THE_API,
        "dump-of-authserver-database-as-tokens",
        "what the authorization server's database holds, as a token: digests of tokens among them",
        authserver_database_as_tokens,
        Expected(401, "invalid_token", "token.inactive"),
        insider=True,
    ),
    Attack(
        AT_THE_AUTHORITY,
        "dump-of-queues",
        "what is in Redis, as the partner's enrolment secret",
        queues_as_secrets,
        NO_SECRET,
        insider=True,
    ),
)
