"""Reads the contract's JSON Schemas from the files shipped beside the functions."""

import json
from functools import cache
from pathlib import Path
from typing import Any

_BUNDLE_ROOT = Path(__file__).resolve().parents[1]


@cache
def load_schema(name: str) -> dict[str, Any]:
    """Return the schema of this name, as `release-request.v1`; read once, so never change what it returns.

    A deployed bundle carries `schemas/` beside main.py; in the repository it stands one folder above.
    """
    folders = (_BUNDLE_ROOT / "schemas", _BUNDLE_ROOT.parent / "schemas")
    paths = [folder / f"{name}.json" for folder in folders]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise FileNotFoundError(f"no schema {name}: looked for {' and '.join(map(str, paths))}")
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema
