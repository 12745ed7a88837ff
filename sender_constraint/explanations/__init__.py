"""Explains refusals from their audit events: what was expected, what was presented, and what to do next.

Pure: a mapping goes in, an Explanation comes out (``explaining.explain``). Rule, clause and the sentence of
what is refused come from the event, which has them from the registry of rules: whoever reads a trail needs
no code of the service that wrote it.

    explaining.py           from an event to an Explanation
    comparisons.py          what several kinds of comparison share
    thumbprints.py          the right certificate in a wrong spelling
    distinguished_names.py  the first relative name that differs
    texts.py                how two texts differ
    times.py                how many seconds, and in which direction
    chains.py               the element that failed, and how
    scopes.py               words of a scope that are missing, or too many
    choices.py              one text among several
    wordings/               by rule: expected and presented in words, and the next step
    shown.py                bounded, printable, and without what looks like a secret
    report.py               an Explanation as lines for people, and as JSON
"""
