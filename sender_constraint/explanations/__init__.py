"""Explains refusals from their audit events: what was expected, what was presented, and what to do next.

Pure: a mapping goes in, an Explanation comes out (``explain``). Rule, clause, sentence and guidance come from
the event, so that a reader of an audit trail needs no code of the service that wrote it.

    explaining.py           from an event to an Explanation
    comparisons.py          the kinds of comparison that a rule can name, and lists and texts
    thumbprints.py          the right certificate in a wrong spelling
    distinguished_names.py  the first relative name that differs
    texts.py                where two texts differ
    times.py                how many seconds, and in which direction
    chains.py               the certificate of a chain that failed, and why
    shown.py                bounded, printable, and without anything that looks like a secret
    report.py               an Explanation as lines for people, and as JSON
"""
