"""Callers that mean harm, at every port and in numbers: how long does the next honest caller wait?

What is measured here depends on the machine's being free: ``tests/run.py`` runs this folder by itself, after
everything else.
"""
