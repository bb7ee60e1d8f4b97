"""The packages each function loads until its first answer; `python -m tests.performance.modules` freezes them anew."""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.events import MAKERS, completion
from bench.processes import environment, google, loaded_modules
from interlock.config import SETTINGS

FROZEN = Path(__file__).with_name("modules.json")
OURS = {"__main__", "bench", "main", "interlock"}


def packages(modules: Iterable[str]) -> list[str]:
    """Third-party packages; of the `google` namespace the parts, since it is many libraries."""
    tops = {_package(name) for name in modules}
    return sorted(tops - OURS - {"google", "google.cloud"})


def _package(name: str) -> str:
    parts = name.split(".")
    if parts[0] in sys.stdlib_module_names or parts[0].startswith(("_", "sitecustomize")):
        return "main"
    if parts[0] != "google":
        return parts[0]
    return ".".join(parts[: 3 if parts[1:2] == ["cloud"] else 2])


def measured() -> Mapping[str, object]:
    with google() as side, TemporaryDirectory() as folder:
        settings = environment(side, Path(folder))
        found = {}
        for name in SETTINGS:
            event = MAKERS[name]() if name in MAKERS else completion("nobody")
            modules = loaded_modules(name, settings, event)
            found[name] = {"packages": packages(modules), "modules": len(modules)}
        return found


if __name__ == "__main__":
    FROZEN.write_text(json.dumps(measured(), indent=2) + "\n")
