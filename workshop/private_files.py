"""Files that are their owner's alone, whole or not there."""

from pathlib import Path


def write_private(file: Path, text: str) -> Path:
    """Write a file of mode 0600, whole or not at all, and return it."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = file.with_name(f".{file.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(text)
    return new.replace(file)
