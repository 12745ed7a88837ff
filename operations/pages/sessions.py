"""Sessions in the database, under the hash of their keys: a copy of the database opens no session."""

import hashlib
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.contrib.sessions.models import Session
from django.utils import timezone


class SessionStore(DatabaseSessionStore):
    """Django's, which would keep a session under the very value of its cookie."""

    def _get_session_from_db(self) -> Session | None:
        found = Session.objects.filter(
            session_key=_name_of(self.session_key), expire_date__gt=timezone.now()
        ).first()
        if found is None:
            self._session_key = None
        return found

    def exists(self, session_key: str) -> bool:
        """Whether there is a session with this key."""
        return Session.objects.filter(session_key=_name_of(session_key)).exists()

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        """The row of this session."""
        row = super().create_model_instance(data)
        row.session_key = _name_of(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        """Forget a session; without a key, this one."""
        Session.objects.filter(session_key=_name_of(session_key or self.session_key)).delete()


def _name_of(session_key: str | None) -> str:
    """What a session is kept under: 40 hexadecimal digits of SHA-256, as many as Django's column takes."""
    return hashlib.sha256((session_key or "").encode()).hexdigest()[:40]
