"""Requests that nobody sends, over real sockets, by the thousand: ``./scripts/fuzz``.

What is asked of the servers is one thing: an answer, and none of 5xx. The requests come from a corpus of
known troublemakers and from Hypothesis, which changes valid ones; both are repeatable by their seed.
"""
