"""Generators of the documentation: ``python -m tools.NAME`` writes, with ``--check`` it only compares."""
