"""On what a run was made: figures without it say nothing."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from notifier.settings import ROOT

PACKAGES = ("aiohttp", "asyncpg", "aiosmtplib", "rq", "redis", "uvloop", "jinja2", "pydantic")


def machine() -> dict[str, str]:
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{gigabytes:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "load at the start": f"{os.getloadavg()[0]:.1f}",
    }


def versions() -> dict[str, str]:
    """Of the code that was measured and of what it stands on."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=7"]
    commit = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT).stdout.strip()
    return {
        "commit": commit or "unknown",
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
