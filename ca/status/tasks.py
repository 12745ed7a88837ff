"""In the background: revocation lists on schedule, and the alarm about forked lineages."""

from ca.authority.directory import NoAuthority
from ca.register import configuration
from ca.register.forks import update_alarm
from ca.status.authorities import StatusAuthority, status_authorities
from ca.status.lists import list_is_due, publish_list_if_due
from ca.status.schedule import LINEAGES, TASK
from operations.tasks.background import background_task
from operations.tasks.ledger import Run


@background_task(TASK)
def publish_lists(run: Run) -> None:
    """Publish the lists that are due. Idempotent; what fails is tried again by the next look."""

    def publish(authority: StatusAuthority) -> None:
        if not list_is_due(authority, configuration.utc_now()):
            return
        run.found(f"revocation list of the {authority.name} CA")
        try:
            published = publish_list_if_due(authority, configuration.utc_now())
        except NoAuthority as error:
            run.failed(f"the revocation list of the {authority.name} CA waits for its key: {error}")
            return
        if published is not None:
            run.has_done(f"published revocation list {published.number} of the {authority.name} CA")

    run.each(status_authorities(), publish, lambda authority: f"revocation list of the {authority.name} CA")


@background_task(LINEAGES)
def watch_lineages(run: Run) -> None:  # noqa: ARG001 - a background task's signature
    """Raise the alarm about forked lineages again, or clear it: forks end with their certificates too."""
    update_alarm(configuration.utc_now())
