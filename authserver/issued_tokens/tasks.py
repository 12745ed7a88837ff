"""In the background: records of tokens and of one-time uses are deleted once they have expired."""

from authserver.issued_tokens.one_time_use import remove_expired
from authserver.issued_tokens.register import remove_ended
from authserver.issued_tokens.schedule import TASK
from operations.tasks.background import background_task
from operations.tasks.ledger import Run
from sender_constraint.core.clock import utc_now


@background_task(TASK)
def forget_ended_tokens(run: Run) -> None:
    """Remove what has ended, some at a time. Idempotent, also where two do it at once."""
    while removed := remove_ended(utc_now()):
        run.has_done(f"deleted {removed} expired tokens")
    while removed := remove_expired(utc_now()):
        run.has_done(f"deleted {removed} expired one-time uses")
