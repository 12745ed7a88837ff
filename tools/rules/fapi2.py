"""What FAPI 2.0 Security Profile demands, and what stands behind each demand here.

The text is that of the final version (22 February 2025),
https://openid.net/specs/fapi-security-profile-2_0-final.html, §5.2 to §5.4, in words of our own; the numbers
behind the comma are those of its lists. ``scripts/rules`` makes ``docs/fapi2.md`` of it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module

ALWAYS = "always"
UNDER_FAPI2 = "under `fapi2`"
OPERATOR = "the operator's"
NOT_HERE = "does not apply"

# How many demands each clause has, so that none is left out unnoticed. Where a clause as a whole does not
# apply, its demands share a row.
ITEMS = {
    "§5.2.1": 5,
    "§5.2.2": 2,
    "§5.2.2.1": 3,
    "§5.2.3": 1,
    "§5.3.2.1": 14,
    "§5.3.2.2": 1,
    "§5.3.2.3": 1,
    "§5.3.3.1": 13,
    "§5.3.3.2": 1,
    "§5.3.4": 5,
    "§5.4.1": 6,
    "§5.4.2": 3,
    "§5.4.3": 1,
}

NO_USER = "There is no end user: `client_credentials` is the one grant."


@dataclass(frozen=True)
class Requirement:
    """One demand.

    clause: section and number, as ``§5.3.2.1, 4``. demand: in short. holds: one of the four above. note: why
    it does not apply, or what is to be known. rules: identifiers. functions: ``module:function``.
    tests: names of test functions.
    """

    clause: str
    demand: str
    holds: str
    note: str = ""
    rules: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()

    @property
    def section(self) -> str:
        """The clause without the number."""
        return self.clause.partition(",")[0]


NETWORK = (
    Requirement(
        "§5.2.1, 1",
        "Every endpoint is served over TLS, and every connection to others made by it.",
        ALWAYS,
        "In the clear is what is signed itself (OCSP, CRLs; RFC 6960 §A.1), and pages on loopback.",
        rules=("registration.keys-by-address",),
        functions=("sender_constraint.tls.front:context_for", "sender_constraint.core.issuers:metadata_url"),
        tests=(
            "test_what_is_no_tls_is_refused_and_recorded",
            "test_a_token_endpoint_is_an_https_url",
            "test_a_request_for_another_scheme_is_misdirected",
        ),
    ),
    Requirement(
        "§5.2.1, 2",
        "TLS 1.2 or later.",
        ALWAYS,
        functions=(
            "sender_constraint.tls.front:context_for",
            "sender_constraint.certificates.tls:client_context",
        ),
        tests=(
            "test_tls_1_1_is_refused_and_recorded",
            "test_tls_1_3_is_preferred",
            "test_a_server_of_an_older_version_is_not_called",
        ),
    ),
    Requirement(
        "§5.2.1, 3",
        "The recommendations for secure use of TLS (BCP 195: RFC 9325) are followed.",
        ALWAYS,
        "No compression, no renegotiation, no session outlives its connection, no early data.",
        functions=("sender_constraint.tls.front:context_for",),
        tests=(
            "test_no_session_is_ever_resumed",
            "test_reconnecting_never_resumes",
            "test_renegotiation_is_refused",
            "test_tls_1_2_speaks_no_other_suite",
        ),
    ),
    Requirement(
        "§5.2.1, 4",
        "DNSSEC should protect the names.",
        OPERATOR,
        "A matter of the zone. Here certificates come from the scheme's own authority alone: a forged name "
        "gets nobody a certificate.",
    ),
    Requirement(
        "§5.2.1, 5",
        "A server's certificate is checked by its name (RFC 9525).",
        ALWAYS,
        rules=("server.name", "server.chain", "server.purpose", "server.validity"),
        functions=("sender_constraint.certificates.tls:client_context",),
        tests=(
            "test_a_server_under_another_name_or_another_authority_is_not_called",
            "test_what_openssl_says_of_a_server_is_a_rule",
            "test_a_server_that_failed_verification_is_not_tried_again",
        ),
    ),
    Requirement(
        "§5.2.2, 1",
        "Of TLS 1.2, servers take only the cipher suites that BCP 195 recommends.",
        ALWAYS,
        functions=("sender_constraint.tls.front:context_for",),
        tests=("test_tls_1_2_speaks_ecdhe_with_gcm", "test_tls_1_2_speaks_no_other_suite"),
    ),
    Requirement(
        "§5.2.2, 2",
        "Of TLS 1.2, clients should offer only those.",
        ALWAYS,
        functions=("sender_constraint.certificates.tls:client_context",),
        tests=(
            "test_a_caller_offers_the_recommended_suites_of_tls_1_2_alone",
            "test_a_server_that_speaks_no_recommended_suite_is_not_called",
        ),
    ),
    Requirement(
        "§5.2.2.1, 1",
        "An ecosystem with mutual TLS should publish which authorities it trusts.",
        ALWAYS,
        functions=("ca.register.views:roots",),
        tests=("test_a_lost_trust_bundle_is_written_again",),
    ),
    Requirement(
        "§5.2.2.1, 2",
        "`mtls_endpoint_aliases` may lead to endpoints of their own for mutual TLS.",
        ALWAYS,
        "They are published, and equal the others: one endpoint asks everybody for a certificate, and needs "
        "none of who has another proof.",
        functions=("authserver.metadata.document:server_metadata",),
        tests=("test_the_metadata_has_the_members_that_the_profile_relies_on",),
    ),
    Requirement(
        "§5.2.2.1, 3",
        "A client keeps to `use_mtls_endpoint_aliases`, if it is registered so.",
        ALWAYS,
        "The partner takes the alias wherever there is one.",
        functions=("sender_constraint.client.metadata:read_metadata",),
        tests=("test_the_endpoint_for_mutual_tls_goes_first",),
    ),
    Requirement(
        "§5.2.3, all",
        "Browsers: no TLS stripping, allowed suites, no CORS at the authorization endpoint.",
        NOT_HERE,
        "No endpoint of the profile is for browsers, and there is no authorization endpoint. Pages for "
        "people listen on the loopback interface.",
    ),
)

SERVER = (
    Requirement(
        "§5.3.2.1, 1",
        "Metadata is published (RFC 8414).",
        ALWAYS,
        functions=("authserver.metadata.document:server_metadata",),
        tests=(
            "test_the_metadata_has_what_clients_and_apis_need",
            "test_the_addresses_in_the_metadata_are_the_ones_that_answer",
            "test_the_methods_and_grants_in_the_metadata_are_the_ones_that_work",
        ),
    ),
    Requirement(
        "§5.3.2.1, 2",
        "The password grant is refused.",
        ALWAYS,
        rules=("grant.supported", "registration.grant-types"),
        tests=("test_there_is_one_grant_and_no_password_is_asked_for",),
    ),
    Requirement(
        "§5.3.2.1, 3",
        "Only confidential clients.",
        ALWAYS,
        rules=("registration.auth-method", "client.method-supported"),
        tests=("test_metadata_that_is_wrong_in_one_thing_is_refused_by_name",),
    ),
    Requirement(
        "§5.3.2.1, 4",
        "Only sender-constrained tokens are issued.",
        UNDER_FAPI2,
        "Outside it too, but for the demo's bearer client and clients in report mode.",
        rules=("issuing.bound", "registration.bound-tokens", "registration.profile-binding"),
        functions=(
            "authserver.clients.policy:is_held_to_fapi2",
            "operations.settings.fapi2:contradictions",
        ),
        tests=(
            "test_no_bearer_token_is_issued_whatever_the_register_says",
            "test_under_fapi2_the_demo_has_no_client_whose_tokens_are_bound_to_nothing",
            "test_a_client_of_fapi_2_is_refused_as_ever",
            "test_it_is_announced_at_start_and_impossible_under_fapi_2",
            "test_there_is_no_bearer_client_and_no_route_for_one",
        ),
    ),
    Requirement(
        "§5.3.2.1, 5",
        "By mutual TLS (RFC 8705) or by DPoP (RFC 9449).",
        ALWAYS,
        rules=("registration.one-binding", "dpop.missing"),
        functions=("authserver.tokens.binding:bind_token",),
        tests=(
            "test_all_four_combinations_of_authentication_and_constraint_get_tokens",
            "test_all_four_combinations_of_authentication_and_constraint_are_served",
        ),
    ),
    Requirement(
        "§5.3.2.1, 6",
        "Clients authenticate by mutual TLS (RFC 8705 §2) or by `private_key_jwt`.",
        ALWAYS,
        "RFC 8705 §2 has two methods: a chain to the scheme's authorities (§2.1), or a self-signed "
        "certificate that is registered (§2.2). Both are meant.",
        rules=("client.registered-method", "client.one-method", "client.method-supported"),
        functions=("authserver.client_authentication.authenticate:authenticate",),
        tests=(
            "test_all_four_combinations_of_authentication_and_constraint_get_tokens",
            "test_an_asserting_client_is_not_authenticated_by_a_certificate",
            "test_a_pki_client_is_not_authenticated_by_an_assertion",
        ),
    ),
    Requirement(
        "§5.3.2.1, 7",
        "No open redirectors.",
        ALWAYS,
        "Nothing redirects.",
        functions=("authserver.tokens.views:token",),
        tests=("test_nothing_here_redirects",),
    ),
    Requirement(
        "§5.3.2.1, 8",
        "Of an assertion's `aud`, only the issuer as one string is accepted.",
        UNDER_FAPI2,
        "Outside it also the address of the token endpoint, for clients that the operator registered with "
        "`assertion_audience_token_endpoint`; never a list.",
        rules=("assertion.audience",),
        functions=("authserver.client_authentication.authenticate:AuthenticationContext.audiences",),
        tests=(
            "test_the_address_of_the_token_endpoint_is_an_audience_for_registered_clients_outside_fapi2",
            "test_claims_that_are_wrong_in_one_thing_are_refused",
        ),
    ),
    Requirement(
        "§5.3.2.1, 9",
        "Refresh tokens do not turn.",
        NOT_HERE,
        "There are none: a client that needs a token asks for one (RFC 6749 §4.4.3).",
    ),
    Requirement(
        "§5.3.2.1, 10",
        "With DPoP, nonces may be demanded.",
        ALWAYS,
        "By the setting `DPOP_NONCE_REQUIRED`, or by a client's `dpop_nonce_required`.",
        rules=("dpop.nonce",),
        tests=(
            "test_where_a_nonce_is_demanded_only_one_of_this_server_will_do",
            "test_a_nonce_turns_and_the_one_before_counts_until_the_next_turn",
        ),
    ),
    Requirement("§5.3.2.1, 11", "Authorization codes live for 60 seconds at most.", NOT_HERE, NO_USER),
    Requirement("§5.3.2.1, 12", "Authorization codes can be bound to a DPoP key.", NOT_HERE, NO_USER),
    Requirement(
        "§5.3.2.1, 13",
        "`iat` and `nbf` may be 10 seconds in the future, and not more than 60.",
        ALWAYS,
        "30 seconds are accepted.",
        rules=("assertion.in-future", "dpop.in-future"),
        tests=(
            "test_ten_seconds_of_the_future_are_accepted_and_sixty_are_not",
            "test_clocks_may_differ_by_as_much_as_fapi_says",
        ),
    ),
    Requirement(
        "§5.3.2.1, 14",
        "A token should open as little as its use needs.",
        ALWAYS,
        "One audience, and the scopes that the client registered, or fewer where it asks for fewer.",
        rules=("resource.one", "scope.allowed"),
        tests=(
            "test_the_scope_asked_for_is_the_scope_granted",
            "test_more_than_one_resource_is_refused",
        ),
    ),
    Requirement(
        "§5.3.2.2, all", "Flows with the authorization endpoint: PAR, PKCE, `iss`.", NOT_HERE, NO_USER
    ),
    Requirement("§5.3.2.3, all", "The identifier of an authenticated user.", NOT_HERE, NO_USER),
)

CLIENT = (
    Requirement(
        "§5.3.3.1, 1",
        "The client takes sender-constrained tokens, by mutual TLS or DPoP.",
        ALWAYS,
        functions=("sender_constraint.client.token_source:read_token",),
        tests=(
            "test_a_call_presents_certificate_and_token_of_one_generation",
            "test_a_caller_asks_for_a_token_of_its_key_and_proves_each_call",
            "test_a_bearer_token_in_place_of_a_bound_one_is_not_used",
        ),
    ),
    Requirement(
        "§5.3.3.1, 2",
        "It authenticates by mutual TLS or `private_key_jwt`.",
        ALWAYS,
        functions=("sender_constraint.client.assertions:ClientAssertions.form",),
        tests=(
            "test_it_asks_as_the_client_with_the_certificate_of_the_generation",
            "test_an_assertion_says_who_asks_whom_and_is_used_once",
            "test_what_no_bank_registers_is_refused_at_start",
        ),
    ),
    Requirement(
        "§5.3.3.1, 3",
        "It sends tokens in the Authorization header.",
        ALWAYS,
        functions=("sender_constraint.client.dpop:DpopProofs.sign",),
        tests=(
            "test_a_call_presents_certificate_and_token_of_one_generation",
            "test_each_request_has_a_proof_of_its_own_for_method_address_and_token",
        ),
    ),
    Requirement(
        "§5.3.3.1, 4",
        "No open redirectors.",
        NOT_HERE,
        "The partner's client serves nobody, and follows no redirects (httpx does not unless it is told to).",
    ),
    Requirement(
        "§5.3.3.1, 5",
        "An assertion's `aud` is the issuer, as a string.",
        ALWAYS,
        functions=("sender_constraint.client.assertions:ClientAssertions.form",),
        tests=("test_an_assertion_says_who_asks_whom_and_is_used_once",),
    ),
    Requirement("§5.3.3.1, 6", "Refresh tokens and their turning are supported.", NOT_HERE, NO_USER),
    Requirement(
        "§5.3.3.1, 7",
        "With mutual TLS, `mtls_endpoint_aliases` are supported.",
        ALWAYS,
        functions=("sender_constraint.client.metadata:read_metadata",),
        tests=("test_the_endpoint_for_mutual_tls_goes_first",),
    ),
    Requirement(
        "§5.3.3.1, 8",
        "With DPoP, the server's nonces are supported.",
        ALWAYS,
        functions=("sender_constraint.client.dpop:DpopProofs.learn",),
        tests=(
            "test_a_nonce_that_an_api_asks_for_is_taken_and_the_request_repeated_twice_at_most",
            "test_a_token_endpoint_asks_for_a_nonce_in_its_body_alone",
            "test_a_caller_takes_the_nonces_that_both_servers_ask_for",
        ),
    ),
    Requirement(
        "§5.3.3.1, 9",
        "Endpoints come from the metadata document alone.",
        UNDER_FAPI2,
        "Outside it `TOKEN_ENDPOINT` takes the place of metadata that a server does not publish.",
        functions=(
            "sender_constraint.client.metadata:discover",
            "operations.settings.fapi2:contradictions",
        ),
        tests=(
            "test_under_fapi_2_endpoints_come_from_metadata_alone",
            "test_what_is_no_metadata_is_invalid",
        ),
    ),
    Requirement(
        "§5.3.3.1, 10",
        "The issuer's address comes from whoever may say it, on a safe way.",
        OPERATOR,
        "It is the setting `ISSUER`, which the bank tells its partner with the trust bundle.",
    ),
    Requirement(
        "§5.3.3.1, 11",
        "It equals the `issuer` in the metadata.",
        ALWAYS,
        functions=("sender_constraint.client.metadata:read_metadata",),
        tests=(
            "test_another_issuer_s_metadata_is_not_used",
            "test_another_issuer_is_not_believed",
        ),
    ),
    Requirement(
        "§5.3.3.1, 12", "The end user agrees, and nobody starts the flow for him.", NOT_HERE, NO_USER
    ),
    Requirement(
        "§5.3.3.1, 13",
        "The client should ask for no more than it needs.",
        OPERATOR,
        "`SCOPE` and `RESOURCE` say what is asked for; by default all that the demo calls.",
    ),
    Requirement("§5.3.3.2, all", "The authorization code flow.", NOT_HERE, NO_USER),
)

RESOURCE = (
    Requirement(
        "§5.3.4, 1",
        "Tokens are accepted in the Authorization header.",
        ALWAYS,
        "The names of the schemes are read without case (RFC 9110 §11.1).",
        rules=("presentation.missing", "presentation.malformed"),
        tests=(
            "test_the_token_stands_behind_the_scheme_in_any_case",
            "test_a_token_for_a_dpop_proof_has_a_scheme_of_its_own",
        ),
    ),
    Requirement(
        "§5.3.4, 2",
        "No token in the query string is accepted.",
        ALWAYS,
        rules=("presentation.query",),
        tests=(
            "test_a_token_in_the_query_string_is_refused_whatever_stands_beside_it",
            "test_a_token_in_the_query_string_is_refused_even_beside_a_good_header",
        ),
    ),
    Requirement(
        "§5.3.4, 3",
        "Validity, integrity, end and revocation of a token are checked.",
        ALWAYS,
        "A JWT by its issuer's status list, an opaque token by introspection. A foreign issuer's JWT that "
        "refers to no list lives until it expires.",
        rules=(
            "token.signature",
            "token.expired",
            "token.revoked",
            "token.status-stale",
            "token.inactive",
        ),
        tests=(
            "test_a_revoked_token_is_refused_within_the_promised_seconds",
            "test_a_malformed_token_is_refused_for_its_reason",
            "test_a_claim_that_is_not_as_it_must_be_is_refused_for_its_reason",
            "test_a_token_that_the_issuer_does_not_know_is_refused",
        ),
    ),
    Requirement(
        "§5.3.4, 4",
        "The token opens what is asked for; errors are those of RFC 6750 §3.1.",
        ALWAYS,
        rules=("token.scope", "accounts.unknown"),
        tests=(
            "test_a_token_that_does_not_reach_is_told_what_is_needed",
            "test_a_refused_token_is_named_with_code_and_description",
            "test_a_description_has_legal_characters_whatever_was_to_be_said",
        ),
    ),
    Requirement(
        "§5.3.4, 5",
        "The sender's constraint is verified: mutual TLS or DPoP.",
        ALWAYS,
        rules=(
            "binding.unbound",
            "binding.certificate-missing",
            "binding.certificate",
            "binding.dpop-token-as-bearer",
            "binding.other-token-as-dpop",
            "dpop.other-key",
            "dpop.token-hash",
        ),
        tests=(
            "test_a_bound_token_with_another_valid_certificate_is_refused",
            "test_an_unbound_token_is_refused_even_with_a_certificate",
            "test_a_proof_by_another_key_is_refused_as_the_tokens_fault",
            "test_a_dpop_bound_token_is_no_bearer_token_even_with_its_proof",
            "test_no_route_takes_bearer_tokens_under_the_profile_in_a_demo_either",
        ),
    ),
)

CRYPTOGRAPHY = (
    Requirement(
        "§5.4.1, 1.1",
        "JWTs follow RFC 8725.",
        ALWAYS,
        "Algorithms chosen here, types told apart, issuer, subject and audience checked, keys of full size.",
        rules=("token.type", "token.algorithm", "assertion.type", "dpop.type"),
        tests=(
            "test_the_public_key_is_no_hmac_secret",
            "test_a_key_that_the_token_brings_along_verifies_nothing",
            "test_a_header_that_is_wrong_in_one_thing_is_refused",
        ),
    ),
    Requirement(
        "§5.4.1, 1.2",
        "Algorithms: PS256, ES256, or EdDSA with Ed25519.",
        UNDER_FAPI2,
        "Outside it an API may be set to take a foreign issuer's RS256; assertions and proofs never.",
        rules=("assertion.algorithm", "dpop.algorithm", "registration.signing-alg", "jwk.kind"),
        functions=("operations.settings.fapi2:contradictions",),
        tests=(
            "test_an_api_takes_the_algorithms_of_the_profile_alone",
            "test_settings_that_contradict_the_profile_are_found_at_start",
            "test_an_assertion_of_each_algorithm_authenticates",
            "test_a_valid_proof_is_verified_with_each_algorithm",
        ),
    ),
    Requirement(
        "§5.4.1, 1.3",
        "`none` is neither used nor accepted.",
        ALWAYS,
        rules=("token.unsigned", "assertion.unsigned", "dpop.unsigned"),
        tests=(
            "test_a_malformed_token_is_refused_for_its_reason",
            "test_a_header_that_is_wrong_in_one_thing_is_refused",
            "test_a_proof_with_one_thing_changed_is_refused_for_it",
        ),
    ),
    Requirement(
        "§5.4.1, 2",
        "RSA keys have 2048 bits or more.",
        ALWAYS,
        rules=("jwk.weak", "csr.key", "certificate.key"),
        tests=(
            "test_a_weak_rsa_key_is_refused",
            "test_a_key_of_another_kind_or_size_is_refused",
            "test_a_certificate_with_a_weak_key_is_refused_even_if_an_authority_issued_it",
            "test_keys_that_are_too_short_or_of_another_curve_are_left_out",
        ),
    ),
    Requirement(
        "§5.4.1, 3",
        "Keys on elliptic curves have 224 bits or more.",
        ALWAYS,
        "256 or 384 in certificates, 256 in JWTs.",
        rules=("jwk.kind", "csr.key", "certificate.key"),
        tests=(
            "test_each_kind_of_key_has_one_algorithm",
            "test_a_key_of_another_kind_or_size_is_refused",
            "test_a_key_on_another_curve_is_refused",
        ),
    ),
    Requirement(
        "§5.4.1, 4",
        "Credentials that no person types have 128 random bits or more.",
        ALWAYS,
        "Opaque tokens, one-time secrets and passwords between programs have 192 or more; a JWT's signature "
        "cannot be guessed, and its `jti` has 128.",
        functions=("authserver.issued_tokens.register:new_handle",),
        tests=(
            "test_an_opaque_token_has_256_random_bits_and_is_kept_as_a_digest_alone",
            "test_no_two_tokens_have_the_same_identifier",
        ),
    ),
    Requirement(
        "§5.4.2, 1",
        "A `jwks_uri` is served over TLS.",
        ALWAYS,
        rules=("registration.keys-by-address",),
        functions=("authserver.keys.views:jwks",),
        tests=(
            "test_what_contradicts_an_asserting_client_is_refused_by_name",
            "test_metadata_that_cannot_be_trusted_is_not_used",
        ),
    ),
    Requirement(
        "§5.4.2, 2",
        "The headers `x5u` and `jku` should not be used.",
        ALWAYS,
        "None is written, and none is read: keys are those that are registered, or in the issuer's metadata.",
        functions=("authserver.tokens.access_tokens:signed",),
        tests=(
            "test_the_header_says_that_it_is_an_access_token",
            "test_a_key_that_the_token_brings_along_verifies_nothing",
        ),
    ),
    Requirement(
        "§5.4.2, 3",
        "No two keys of a set should have one `kid`.",
        ALWAYS,
        "It is the key's thumbprint (RFC 7638).",
        functions=("authserver.keys.signing_keys:signing_key",),
        tests=("test_the_key_identifier_is_the_keys_thumbprint",),
    ),
    Requirement(
        "§5.4.3, all",
        "Of keys with one `kid`, type, use and algorithm tell the right one.",
        ALWAYS,
        "Of a client's keys all that fit are tried. A set in which not even these tell two of an issuer's "
        "keys apart is not used.",
        rules=("assertion.key", "token.unknown-key"),
        functions=("sender_constraint.resource_server.key_discovery:verification_keys",),
        tests=(
            "test_two_keys_of_one_name_are_not_used",
            "test_keys_of_one_name_are_told_apart_by_their_algorithm",
        ),
    ),
)

AREAS: dict[str, Sequence[Requirement]] = {
    "The network (§5.2)": NETWORK,
    "Authorization server (§5.3.2)": SERVER,
    "Client (§5.3.3)": CLIENT,
    "Resource server (§5.3.4)": RESOURCE,
    "Cryptography and secrets (§5.4)": CRYPTOGRAPHY,
}
REQUIREMENTS = tuple(requirement for area in AREAS.values() for requirement in area)


def problems(
    requirements: Sequence[Requirement],
    rules: frozenset[str],
    tests: frozenset[str],
    exists: Callable[[str], bool],
) -> Iterator[str]:
    """What is wrong with the table.

    rules: all identifiers. tests: the names of all test functions. exists: whether ``module:function`` does.
    """
    for section, count in ITEMS.items():
        rows = {each.clause for each in requirements if each.section == section}
        if len(rows) != count:
            yield f"FAPI 2.0 {section}: {count} demands, {len(rows)} rows"
    for each in requirements:
        name = f"FAPI 2.0 {each.clause}"
        if each.section not in ITEMS:
            yield f"{name}: no such section"
        if each.holds in (NOT_HERE, OPERATOR) and not each.note:
            yield f"{name}: no reason"
        if each.holds in (ALWAYS, UNDER_FAPI2):
            if not each.rules and not each.functions:
                yield f"{name}: nothing enforces it"
            if not each.tests:
                yield f"{name}: no test"
        yield from (f"{name}: no rule {rule}" for rule in each.rules if rule not in rules)
        yield from (f"{name}: no test {test}" for test in each.tests if test not in tests)
        yield from (f"{name}: no function {path}" for path in each.functions if not exists(path))


def is_there(path: str) -> bool:
    """Whether ``module:function`` exists; a method is ``module:Class.method``."""
    module, _, qualified = path.partition(":")
    try:
        found: object = import_module(module)
        for part in qualified.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError):
        return False
    return callable(found)
