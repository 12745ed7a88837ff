"""A file system that is full, or nearly."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def full(disk: Path, pages: int) -> Iterator[None]:
    """The disk without room but for so many pages."""
    block = os.sysconf("SC_PAGESIZE")
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * block)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
        file.truncate(max(0, file.tell() - pages * block))
    try:
        yield
    finally:
        filler.unlink()
