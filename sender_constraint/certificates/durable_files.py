"""Files that are whole after a crash: written, flushed to disk, and only then visible under their name."""

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

PRIVATE = 0o600
PUBLIC = 0o644


def write_new(path: Path, content: bytes, mode: int) -> None:
    """Write a file that does not exist yet and flush it, whole or not at all. Raises FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)  # whatever the umask is
            file.write(content)
            file.flush()
            os.fsync(descriptor)
    except OSError:
        path.unlink(missing_ok=True)
        raise


def write_once(path: Path, content: bytes, mode: int) -> None:
    """Write a file unless there is one. Of several who try at once, one succeeds; a reader sees it whole."""
    descriptor, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):
            # A link under the name, unlike a rename onto it, never takes the place of another file.
            path.hardlink_to(beside)
    finally:
        os.unlink(beside)  # noqa: PTH108 - mkstemp names it so
    flush_directory(path.parent)


def replace(path: Path, content: bytes, mode: int) -> None:
    """Write or replace a file by one rename: a reader sees the old content or the new, never a part."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    write_new(beside, content, mode)
    beside.rename(path)
    flush_directory(path.parent)


def point(link: Path, target: str) -> None:
    """Make a symbolic link point to a target, relative to its own directory, by one rename."""
    beside = link.with_name(f".{link.name}.new")
    beside.unlink(missing_ok=True)
    beside.symlink_to(target)
    beside.rename(link)
    flush_directory(link.parent)


def flush_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_private(path: Path) -> bytes:
    """The content of a file that is ours alone. Raises PermissionError, with the remedy, if it is not."""
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        if status.st_uid != os.geteuid():
            raise PermissionError(f"{path} belongs to user {status.st_uid}, not to us ({os.geteuid()})")
        if stat.S_IMODE(status.st_mode) & 0o077:
            mode = stat.S_IMODE(status.st_mode)
            raise PermissionError(
                f"{path} has mode {mode:04o}: others may use it; chmod 600 it, or renew the key"
            )
        return file.read()
