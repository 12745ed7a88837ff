"""The processor time that processes have used: from /proc on Linux, elsewhere by ps."""

import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

_TIME = re.compile(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)")


def seconds_used(process_ids: Iterable[int]) -> float:
    """By these processes so far, in user and system mode together; those that have ended count nothing."""
    by_proc = Path("/proc/self/stat").exists()
    return sum(_by_proc(each) if by_proc else _by_ps(each) for each in process_ids)


def _by_proc(process_id: int) -> float:
    """Of all threads that run: the kernel's schedstat, in nanoseconds; where it keeps none, ticks."""
    try:
        threads = list(Path(f"/proc/{process_id}/task").iterdir())
        return sum(int((each / "schedstat").read_text().split()[0]) for each in threads) / 1e9
    except (OSError, LookupError):
        return _by_ticks(process_id)


def _by_ticks(process_id: int) -> float:
    """proc_pid_stat(5): utime and stime, the 14th and 15th field."""
    try:
        stat = Path(f"/proc/{process_id}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    # The second field is a name, which may have spaces and parentheses.
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _by_ps(process_id: int) -> float:
    listing = subprocess.run(  # noqa: S603 - a number
        ["ps", "-o", "time=", "-p", str(process_id)],  # noqa: S607 - /bin or /usr/bin
        capture_output=True,
        text=True,
        check=False,
    )
    return seconds_in(listing.stdout.strip())


def seconds_in(text: str) -> float:
    """As ps writes it: ``0:01.23`` on macOS, ``[days-]hours:minutes:seconds`` by POSIX; 0 for all else."""
    found = _TIME.fullmatch(text)
    if found is None:
        return 0.0
    days, hours, minutes, seconds = found.groups()
    return int(days or 0) * 86400 + int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)
