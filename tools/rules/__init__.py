"""Reads the registry of rules and the tests' sources, and writes ``docs/rules.md`` and others.

Run as ``python -m tools.rules`` (``scripts/rules``); with ``--check`` it writes nothing and fails where a
page is out of date or a rule has no test that tries to break it.
"""
