#!/usr/bin/env python
"""Django's commands for the authorization server, from any directory."""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    # In place of this folder, whose settings.py and celery.py would otherwise be importable by bare names.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    # Those of the pages hold all that the service has: tables and users of its admin, too.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "authserver.pages_settings")
    from operations.settings.command_line import run

    run(sys.argv)
