"""Bounded requests to other servers, and answers that are refreshed before they are needed."""

from sender_constraint.http.deadlines import client_with_deadlines, deadline
from sender_constraint.http.exchange import AnswerEncoded, AnswerTooLarge, AnswerTooSlow
from sender_constraint.http.refresh_ahead import Fetched, FetchFailed, RefreshAheadCache

__all__ = [
    "AnswerEncoded",
    "AnswerTooLarge",
    "AnswerTooSlow",
    "FetchFailed",
    "Fetched",
    "RefreshAheadCache",
    "client_with_deadlines",
    "deadline",
]
