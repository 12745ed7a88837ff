"""The client that this service's settings describe."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from operations.alarms.calls import CallAlarms
from operations.alarms.service import alarms
from partner_client.banking.client import BankingClient
from sender_constraint.client.caller import Caller, CallerSettings
from sender_constraint.client.observer import CallerObserver
from sender_constraint.client.token_source import TokenRequest
from sender_constraint.django.conf import library_settings
from sender_constraint.django.status import server_status


@contextmanager
def connected(observer: CallerObserver | None = None) -> Iterator[BankingClient]:
    """A client of the bank for as long as the block lasts. One for each process, not for each call.

    observer: in place of the alarms of this service, which tell of calls without an answer.
    """
    caller_settings = CallerSettings(
        issuer=settings.ISSUER,
        token_request=TokenRequest(
            settings.CLIENT_ID,
            settings.SCOPE or None,
            settings.RESOURCE or None,
            dict(each.split("=", 1) for each in settings.TOKEN_PARAMETERS),
        ),
        trust_bundle=library_settings().trust_bundle,
        token_endpoint=settings.TOKEN_ENDPOINT,
        keys=settings.CLIENT_KEYS,
    )
    declared = settings.CERTIFICATE_STORES.get("client")
    store = None if declared is None else declared.store
    watched_by = observer or CallAlarms(alarms())
    with Caller(store, caller_settings, servers=server_status(), observer=watched_by) as caller:
        yield BankingClient(caller, settings.API_URL)
