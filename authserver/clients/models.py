"""The register of clients."""

import json
from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from authserver.clients.registered_client import JWT_FORMAT, RegisteredClient


class Client(models.Model):
    """A registered client; its columns have the names that RFC 7591 and RFC 8705 registered."""

    client_id = models.CharField(max_length=128, unique=True)
    client_id_issued_at = models.DateTimeField(auto_now_add=True)
    client_name = models.CharField(max_length=200, blank=True)
    token_endpoint_auth_method = models.CharField(max_length=64)
    tls_client_auth_subject_dn = models.TextField(blank=True)
    tls_client_auth_san_dns = models.CharField(max_length=253, blank=True)
    tls_client_auth_san_uri = models.TextField(blank=True)
    tls_client_auth_san_ip = models.CharField(max_length=45, blank=True)
    tls_client_auth_san_email = models.CharField(max_length=254, blank=True)
    token_endpoint_auth_signing_alg = models.CharField(max_length=16, blank=True)
    assertion_audience_token_endpoint = models.BooleanField(default=False)
    tls_client_certificate_bound_access_tokens = models.BooleanField(default=True)
    dpop_bound_access_tokens = models.BooleanField(default=False)
    grant_types = models.JSONField(default=list)
    scope = models.TextField()
    jwks = models.JSONField(null=True, blank=True)
    jwks_uri = models.TextField(blank=True)
    resources = models.JSONField(default=list)
    default_resource = models.TextField()
    access_token_lifetime_seconds = models.PositiveIntegerField(null=True, blank=True)
    access_token_format = models.CharField(max_length=16, default=JWT_FORMAT)
    profile = models.CharField(max_length=16, blank=True)
    dpop_nonce_required = models.BooleanField(default=False)
    introspects = models.JSONField(default=list)
    # RFC 7592 §3: hashed (SHA-256, hexadecimal), and empty where an operator registered the client.
    registration_access_token_hash = models.CharField(max_length=64, blank=True)
    # RFC 7591 §3.2.1: by which it registered, unmodified; empty for all others.
    software_statement = models.TextField(blank=True)
    # RFC 7591 §2: the one in that statement.
    software_id = models.TextField(blank=True)

    class Meta:
        """How the register is listed."""

        ordering: ClassVar[list[str]] = ["client_id"]

    def __str__(self) -> str:
        """The client's identifier."""
        return self.client_id

    def registered(self) -> RegisteredClient:
        """The client as the token endpoint's rules take it."""
        values: dict[str, Any] = {name: getattr(self, name) for name in _FIELDS}
        longest, asked = settings.ACCESS_TOKEN_LIFETIME_SECONDS, self.access_token_lifetime_seconds
        if self.registration_access_token_hash and asked is not None and asked > longest:
            # It registered itself before the operator shortened what clients may ask for.
            values["access_token_lifetime_seconds"] = longest
        return RegisteredClient(**values | {name: tuple(values[name]) for name in _LISTS})


class SelfRegistration(models.Model):
    """That a client registered itself, kept for an hour (``authserver.registration.limits``).

    software_id: of its software statement; empty where it had an initial access token.
    """

    software_id = models.TextField(blank=True)
    registered_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        """When it was."""
        return f"{self.registered_at}"


class RegistrationLock(models.Model):
    """One row, locked while a client registers itself."""

    ONLY = 1

    def __str__(self) -> str:
        """There is one."""
        return "registration"


_FIELDS = tuple(RegisteredClient.__dataclass_fields__)
_LISTS = ("grant_types", "resources", "introspects")


def find_client(client_id: str) -> RegisteredClient | None:
    """The client of this identifier, by one query; None if there is none, which takes as long."""
    found = list(Client.objects.order_by().filter(client_id=client_id)[:1])
    client = (found[0] if found else _unsaved()).registered()
    return client if found else None


def _unsaved() -> Client:
    """A row as the database gives one, to take the time that reading it takes."""
    values = [_DEFAULTS[field.attname] for field in _COLUMNS]
    read = [json.loads(value) if isinstance(value, bytes) else value for value in values]
    return Client.from_db(None, [field.attname for field in _COLUMNS], read)


_COLUMNS = Client._meta.concrete_fields
# JSON as the database keeps it.
_DEFAULTS: dict[str, Any] = {
    field.attname: b"[]" if isinstance(field, models.JSONField) else field.get_default() for field in _COLUMNS
}


def columns(client: RegisteredClient) -> dict[str, Any]:
    """The values of a client's columns, but for its identifier."""
    values = {name: getattr(client, name) for name in _FIELDS if name != "client_id"}
    return values | {name: list(values[name]) for name in _LISTS}
