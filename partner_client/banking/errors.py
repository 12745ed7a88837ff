"""What can go wrong with a bank that answers; whether it answers at all is ``CallFailed``'s business.

BankError
├── BankRefused        it said no, or that it failed itself
└── AnswerUnusable     it said yes, and something that is not in its description
"""


class BankError(Exception):
    """The base of this tree."""


class BankRefused(BankError):
    """The bank answered with an error.

    status: HTTP status. code: OAuth error code (RFC 6750 §3.1) or problem title (RFC 9457 §3.1.4).
    description: what it says about it, for people; perhaps empty. url: what was called.
    correlation_id: by which the bank finds the rule that refused, which it does not tell.
    """

    def __init__(self, status: int, code: str, description: str, correlation_id: str, url: str) -> None:
        told = f"{code}: {description}" if description else code
        super().__init__(f"the bank refused {url} ({status}): {told} [correlation id {correlation_id}]")
        self.status = status
        self.code = code
        self.description = description
        self.correlation_id = correlation_id


class AnswerUnusable(BankError):
    """An answer that cannot be read; nothing may be concluded from it."""
