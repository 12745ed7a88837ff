"""The records of issued tokens and of one-time uses. No token is in them, so that a reader can use none."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class IssuedToken(models.Model):
    """A token, from its issue until a minute after its end.

    token_sha256: of the token's characters, base64url, unpadded; by it a presented token is found, and one
        that differs in a single character is not.
    confirmation: the thumbprint in ``cnf``; empty for a token that is bound to nothing.
    claims: of an opaque token; a JWT has its own with it.
    status_list, status_index: of a JWT, where its status stands; an opaque token needs none.
    """

    jti = models.CharField(max_length=64)
    token_sha256 = models.CharField(max_length=43, unique=True)
    client_id = models.CharField(max_length=128, db_index=True)
    audience = models.TextField()
    expires_at = models.DateTimeField(db_index=True)
    confirmation = models.CharField(max_length=64, blank=True)
    claims = models.JSONField(null=True)
    status_list = models.PositiveIntegerField(null=True)
    status_index = models.PositiveIntegerField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        """One token, one place in a list. The revoked ones are what a list is made of."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["status_list", "status_index"], name="one_token_a_place")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["status_list", "status_index"],
                name="revoked_places",
                condition=Q(revoked_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        """The token's identifier, which is no secret."""
        return self.jti


class OneTimeUse(models.Model):
    """An assertion or a one-time token that was used.

    key: of ``sender_constraint.core.replay.replay_key``. expires_at: the end of its own validity.
    """

    key = models.CharField(max_length=100, primary_key=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        """Its key, which is a digest."""
        return self.key
