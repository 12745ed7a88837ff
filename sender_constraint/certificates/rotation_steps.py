"""The steps of a rotation, in their order. Whoever is killed between any two of them loses nothing.

What each leaves behind if nothing follows, and what the next worker makes of it:

    KEY_KEPT                                a key whose request was perhaps never sent: it is sent again
    ANSWERED .. CHECKED                     a directory that nothing points to, and the key: the request is
                                            repeated, the authority answers with the same certificate
    PUBLISHED .. SECRET_REMOVED             the new generation serves; the key and the secret are recognised
                                            as its own, and the secret is removed
    SETTLED                                 nothing; a renewal's key stays until the next request, for a
                                            generation that is spoiled: it is the only one that the authority
                                            certifies again for the generation before
"""

from enum import StrEnum


class Step(StrEnum):
    """What has just been done. A renewal has no one-time secret, and leaves out that step."""

    KEY_KEPT = "the key of the request is kept"
    ANSWERED = "the authority answered"
    DIRECTORY_MADE = "the directory of the generation is made"
    KEY_WRITTEN = "its key is written"
    CERTIFICATE_WRITTEN = "its certificate is written"
    RECORD_WRITTEN = "its record is written, and all is flushed"
    CHECKED = "it is read back and checked"
    PUBLISHED = "current points to it"
    TIDIED = "old generations are tidied away"
    SECRET_REMOVED = "the one-time secret is removed"  # noqa: S105 - a sentence
    SETTLED = "the request is settled"


def nothing_more(_step: Step) -> None:
    """What follows a step when nobody watches."""
