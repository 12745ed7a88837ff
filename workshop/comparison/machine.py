"""On what was measured: figures of different machines are not to be compared."""

import os
import platform
from pathlib import Path


def described() -> dict[str, str | int]:
    """Processor, how many of them, system, and Python."""
    return {
        "processor": _processor(),
        "processors": os.cpu_count() or 0,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_before": f"{os.getloadavg()[0]:.1f}",
    }


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
