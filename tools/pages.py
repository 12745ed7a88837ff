"""What the generators share: write generated files, or report those that are stale."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


def generate(module: str, files: Mapping[Path, Callable[[], str]], arguments: Sequence[str]) -> int:
    """Write each file, or with ``--check`` compare it. Returns the exit status: 1 for a stale file."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {module}", description=f"Write {', '.join(file.name for file in files)}."
    )
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is stale")
    only_check = parser.parse_args(arguments).check
    stale = []
    for file, content in files.items():
        text = content()
        if only_check and not (file.exists() and file.read_text() == text):
            stale.append(file)
        elif not only_check:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
    for file in stale:
        print(f"{file.name} is stale. Run: python -m {module}")
    return 1 if stale else 0
