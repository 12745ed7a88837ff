"""Token requests, grants, scopes and resources; accounts, payments, and the requests that ask for them."""

from sender_constraint.explanations.wordings.wording import Wording

_FORM = "Send a POST whose body is application/x-www-form-urlencoded in UTF-8, each parameter once."
_AMOUNT = 'Send the amount as a string of plain decimals: {"amount": "12.34", "currency": "EUR"}.'
_PAYMENT_ID = "Use the id that the answer to the payment has."
_OWN_ACCOUNTS = "Take the identifier from GET /accounts, which lists what is opened to this client."
_REGISTER = "Ask for what the client is registered for, or have the bank register it."
_DOCUMENTED = "Compare the request with the API's OpenAPI document."
_KEY = "Send a header Idempotency-Key with 1 to 128 letters or digits, a UUID say, new for each payment."

RULES = {
    "token-request.method": Wording("POST", "{presented}", _FORM),
    "token-request.query": Wording("all parameters in the body", "parameters in the address", _FORM),
    "token-request.content-type": Wording(
        "application/x-www-form-urlencoded", "Content-Type {presented}", _FORM
    ),
    "token-request.body-size": Wording("at most {expected} bytes", "{presented} bytes", _FORM),
    "token-request.encoding": Wording(
        "percent-encoded UTF-8 without control characters", "a body with a fault: {problem}", _FORM
    ),
    "token-request.repeated": Wording("each parameter once", "more than once: {presented}", _FORM),
    "token-request.grant-type": Wording(
        "the parameter grant_type", "none", "Add grant_type=client_credentials to the body."
    ),
    "token-request.client-id": Wording(
        "the parameter client_id",
        "none",
        "Add client_id to the body: RFC 8705 §2 demands it, beside the certificate.",
    ),
    "grant.supported": Wording("{expected}", "{presented}", "Ask with grant_type=client_credentials."),
    "grant.allowed": Wording("one of the client's grants: {expected}", "{presented}", _REGISTER),
    "issuing.bound": Wording(
        "a client whose tokens are bound, to its certificate or to its DPoP key",
        "one that is registered for unbound tokens, which only the demo issues",
        "Have the bank register the client with tls_client_certificate_bound_access_tokens, or for DPoP.",
    ),
    "resource.one": Wording("one resource", "{presented} of them", "Ask for one token for each resource."),
    "resource.syntax": Wording(
        "an absolute URI without a fragment", "{presented}", "Send the API's identifier as resource."
    ),
    "resource.allowed": Wording("one of the client's resources: {expected}", "{presented}", _REGISTER),
    "scope.syntax": Wording(
        "words of printable ASCII with one space between", "{presented}", "Correct the parameter scope."
    ),
    "scope.allowed": Wording("a part of {expected}", "{presented}", _REGISTER),
    "accounts.unknown": Wording("the identifier of an account", "{presented}", _OWN_ACCOUNTS),
    "accounts.not-opened": Wording(
        "an account that is opened to this client", "{presented}, which is not", _OWN_ACCOUNTS
    ),
    "accounts.page-parameters": Wording(
        "date_from, date_to, limit and before, each at most once", "also {presented}", _DOCUMENTED
    ),
    "accounts.dates": Wording(
        "dates such as 2026-03-31, the first not after the last", "{presented}", _DOCUMENTED
    ),
    "accounts.limit": Wording("a whole number in the range that is documented", "{presented}", _DOCUMENTED),
    "accounts.before": Wording(
        "the id of a booking of this account", "{presented}", "Follow the Link header of the page before."
    ),
    "payments.unknown": Wording("the identifier of a payment", "{presented}", _PAYMENT_ID),
    "payments.of-another": Wording(
        "a payment of this client",
        "{presented}, of another one",
        _PAYMENT_ID,
    ),
    "payments.currency": Wording(
        "an amount in {expected}, the account's currency",
        "one in {presented}",
        "Pay in the currency of the account, or from an account in the other currency.",
    ),
    "payments.funds": Wording(
        "an amount of at most {expected} minor units (cents), which the account has",
        "{presented} minor units",
        "Pay less, or when there is more; with a new Idempotency-Key, since this one keeps its refusal.",
    ),
    "payments.iban": Wording(
        "an IBAN in capital letters and digits, without spaces, whose check digits are right",
        "{presented}",
        "Copy the IBAN anew, and remove its spaces.",
    ),
    "idempotency.key-missing": Wording("a header Idempotency-Key", "none", _KEY),
    "idempotency.key-malformed": Wording(
        "one key of 1 to 128 letters, digits and -._~:/+=",
        "a header of {presented_characters} characters that is none, or two headers",
        _KEY,
    ),
    "idempotency.key-reused": Wording(
        "the content with which the key was used first (SHA-256 {expected})",
        "other content (SHA-256 {presented})",
        "Use a new key for a new payment; to repeat one, send exactly the same content.",
    ),
    "money.amount-form": Wording("a string such as 12.34", "{presented}", _AMOUNT),
    "money.amount-positive": Wording("an amount greater than zero", "{presented}", _AMOUNT),
    "money.amount-precision": Wording("at most {expected} decimals", "{presented} decimals", _AMOUNT),
    "money.amount-maximum": Wording(
        "at most {expected} minor units", "{presented} minor units", "Pay in several parts."
    ),
    "money.currency-known": Wording("one of {expected}", "another currency", "Use one of these codes."),
    "request.body-members": Wording(
        "the members that the OpenAPI document describes, and no others", "faults at {errors}", _DOCUMENTED
    ),
    "request.path": Wording("a path of this service", "{method} {path}", _DOCUMENTED),
    "request.method": Wording(
        "a method that the resource has", "{method} {path}", "See the answer's header Allow."
    ),
    "request.accept": Wording("Accept: application/json, or no such header", "another one", _DOCUMENTED),
    "request.media-type": Wording("Content-Type: application/json", "another one", "Send that header."),
    "request.body-size": Wording("at most {expected} bytes", "{presented} bytes", "Send less."),
    "request.body-malformed": Wording(
        "one JSON object in which no name stands twice", "something else: {reason}", _DOCUMENTED
    ),
    "request.length": Wording(
        "a Content-Length", "a body in chunks (Transfer-Encoding)", "Send the body with its Content-Length."
    ),
    "request.malformed": Wording("a whole, well-formed request", "one that is not", _DOCUMENTED),
}

AREAS = {
    area: Wording("", "", step)
    for area, step in {
        "token-request": _FORM,
        "grant": _REGISTER,
        "issuing": _REGISTER,
        "resource": _REGISTER,
        "scope": _REGISTER,
        "accounts": _OWN_ACCOUNTS,
        "payments": _DOCUMENTED,
        "idempotency": _KEY,
        "money": _AMOUNT,
        "request": _DOCUMENTED,
    }.items()
}
