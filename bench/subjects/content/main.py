"""The calls of `bare` with what a release puts into them: read, judged, hashed and encoded by libraries alone.

Nothing is decided, guarded or redacted: whatever in Python sends the same records has at least this to do.
"""

import base64
import hashlib
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from jsonschema import Draft202012Validator

from bench.subjects.calls import calls, note, reading, running, telling, writing


@cache
def _validator() -> Any:
    return Draft202012Validator(json.loads(Path(os.environ["BENCH_SCHEMA"]).read_text()))


def content(request: Any) -> tuple[str, int]:
    """Read the release in the push, make and send what one dispatch sends of it, and answer 204."""
    envelope = json.loads(request.get_data())
    document = json.loads(base64.b64decode(envelope["message"]["data"]))
    if not _validator().is_valid(document):
        raise ValueError("the push holds no release")
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    _send({"request": document, "payload_hash": digest, "source": envelope["message"]})
    note(document["release_id"])
    return "", 204


def _send(record: dict[str, Any]) -> None:
    to, asked = calls(), record["request"]
    release, lane = f"releases/{asked['release_id']}", f"lanes/{asked['service']}"
    to.get(reading(release, lane))
    to.commit(writing({release: _encoded(record), lane: _encoded({"holders": [asked["release_id"]]})}))
    to.run_job(running({f"INTERLOCK_{name.upper()}": str(value) for name, value in asked.items()}))
    event = {**asked, "state": "started"}
    to.commit(writing({release: _encoded({**record, "told": event})}))
    told = json.dumps(event, ensure_ascii=False).encode()
    to.publish(telling(told, {f"attribute-{number}": asked["release_id"] for number in range(11)}))
    to.commit(writing({release: _encoded(record)}))


def _encoded(record: dict[str, Any]) -> str:
    return msgspec.json.encode(record).decode()
