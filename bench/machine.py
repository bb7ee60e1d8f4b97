"""What the figures were measured on."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

PACKAGES = (
    "functions-framework",
    "gunicorn",
    "grpcio",
    "protobuf",
    "proto-plus",
    "google-auth",
    "google-cloud-firestore",
    "google-cloud-pubsub",
    "google-cloud-run",
    "google-cloud-storage",
    "jsonschema",
)


def machine() -> dict[str, str]:
    """Return the machine and the versions."""
    return {
        "day": datetime.now(UTC).date().isoformat(),
        "processor": f"{_cpu_model()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": platform.platform(),
        "Python": platform.python_version(),
        "load at the start": f"{os.getloadavg()[0]:.1f}",
        "packages": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    }


def _cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
