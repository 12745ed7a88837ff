"""The directory as this service's settings describe it."""

from django.conf import settings

from ca.directory.signing_key import StatementKey
from ca.register.configuration import authority_directory


def directory_issuer() -> str:
    """As what the directory signs: the ``iss`` of its statements."""
    return f"{settings.PUBLIC_ORIGIN}/directory"


def statement_key() -> StatementKey:
    """Where its key is kept."""
    return StatementKey(settings.KEYS_DIR, authority_directory())
