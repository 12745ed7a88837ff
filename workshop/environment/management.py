"""Several management commands of one service in one process: Django is loaded once.

python -m workshop.environment.management PROJECT COMMAND [ARGUMENTS] [-- COMMAND [ARGUMENTS]] ...
"""

import importlib.util
import os
import sys


def main(arguments: list[str]) -> None:
    """Run the commands in order; the first that fails ends the process, as in the service's manage.py."""
    project, *words = arguments
    # As in the service's manage.py: the settings of its pages, where it has some, make all of its tables.
    pages = importlib.util.find_spec(f"{project}.pages_settings")
    os.environ["DJANGO_SETTINGS_MODULE"] = f"{project}.pages_settings" if pages else f"{project}.settings"
    from django.core.management import ManagementUtility

    commands: list[list[str]] = [[]]
    for word in words:
        if word == "--":
            commands.append([])
        else:
            commands[-1].append(word)
    for command in commands:
        ManagementUtility([f"{project}/manage.py", *command]).execute()


if __name__ == "__main__":
    main(sys.argv[1:])
