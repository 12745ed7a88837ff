"""An event listener of supervisor: when a program dies, what is left of its process group dies too.

A worker that is killed outright leaves its children behind: a second beat would run beside the next
one's, or hold the port that the next server needs. Supervisor itself only watches the parent.
"""

import contextlib
import os
import signal
import sys


def main() -> None:
    """Answer supervisor's events on standard input until it closes."""
    while True:
        sys.stdout.write("READY\n")
        sys.stdout.flush()
        header = _pairs(sys.stdin.readline())
        if not header:
            return
        event = _pairs(sys.stdin.read(int(header["len"])))
        if "pid" in event:
            # Each program leads a group of its own. An empty group is the ordinary case.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(int(event["pid"]), signal.SIGKILL)
        sys.stdout.write("RESULT 2\nOK")
        sys.stdout.flush()


def _pairs(line: str) -> dict[str, str]:
    return dict(word.split(":", 1) for word in line.split())


if __name__ == "__main__":
    main()
