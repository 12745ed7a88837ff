"""Builds the site: ``python -m tools.site [FOLDER]``. For scripts/docs. Warnings are errors."""

import shutil
import sys
from pathlib import Path

from django.conf import settings
from sphinx.cmd.build import build_main

from tools.site import pages

REPOSITORY = Path(__file__).resolve().parents[2]


def main(into: Path) -> int:
    """Build into a folder of its own, which is replaced. Returns the exit status."""
    source = into.with_name(f"{into.name}-source")
    for folder in (into, source):
        shutil.rmtree(folder, ignore_errors=True)
    # Django REST Framework reads settings when the library's Django package is imported.
    settings.configure()
    pages.write(REPOSITORY / "docs", source)
    strict = ["--fail-on-warning", "--keep-going", "--quiet", "--fresh-env"]
    status = build_main([*strict, "-c", str(Path(__file__).parent), str(source), str(into)])
    shutil.rmtree(into / ".doctrees", ignore_errors=True)
    return status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute() if len(sys.argv) > 1 else REPOSITORY / "build" / "docs"))
