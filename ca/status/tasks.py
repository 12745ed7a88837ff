"""In the background: revocation lists on schedule."""

import logging

from celery import shared_task

from ca.authority.directory import NoAuthority
from ca.register.configuration import utc_now
from ca.status.authorities import status_authorities
from ca.status.lists import publish_list_if_due
from ca.status.schedule import PUBLISH_TASK

logger = logging.getLogger(__name__)


@shared_task(name=PUBLISH_TASK, ignore_result=True)
def publish_lists() -> None:
    """Publish the lists that are due. Idempotent; what fails is tried again by the next look."""
    for authority in status_authorities():
        try:
            publish_list_if_due(authority, utc_now())
        except NoAuthority as error:
            logger.warning(
                "the revocation list of %s is due, and waits for its key: %s", authority.name, error
            )
