"""Bounded requests to other servers, and answers that are refreshed before they are needed."""

from sender_constraint.http.deadlines import client_with_deadlines, deadline
from sender_constraint.http.exchange import AnswerEncoded, AnswerTooLarge, AnswerTooSlow
from sender_constraint.http.refresh_ahead import Answer, FreshAnswers, NoAnswer

__all__ = [
    "Answer",
    "AnswerEncoded",
    "AnswerTooLarge",
    "AnswerTooSlow",
    "FreshAnswers",
    "NoAnswer",
    "client_with_deadlines",
    "deadline",
]
