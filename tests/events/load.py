"""Loads a payload as the request that the platform would send."""

import base64
import json
from pathlib import Path

FOLDER = Path(__file__).parent


def event(name: str) -> tuple[dict[str, str], bytes]:
    """Return the headers and the body of one payload file, messages encoded as on the wire."""
    document = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return document["headers"], json.dumps(encoded(document["body"])).encode()


def names(prefix: str = "") -> list[str]:
    """Return the names of all payload files that begin so, sorted."""
    return sorted(path.stem for path in FOLDER.glob(f"{prefix}*.json"))


def encoded(value: object) -> object:
    """Replace every readable `data_json` by the base64 `data` that Pub/Sub delivers."""
    if isinstance(value, list):
        return [encoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    plain = {key: encoded(item) for key, item in value.items() if key != "data_json"}
    if "data_json" in value:
        plain["data"] = base64.b64encode(json.dumps(value["data_json"]).encode()).decode()
    return plain
