"""Firestore's calls as a release makes them, through its GAPIC client."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from google.cloud.firestore_v1.services.firestore import FirestoreClient

from bench.subjects.calls.credentials import credentials

_DATABASE = "projects/bench/databases/bare"
_ROOT = f"{_DATABASE}/documents"
_TEXT = "x" * 2600
"""As long as the record of a release is when it is started."""


@cache
def _client() -> FirestoreClient:
    return FirestoreClient(credentials=credentials())


def get() -> None:
    """Read a release, whether it is there or not."""
    _get("releases/r")


def get_both() -> None:
    """Read a release and its lane, whether they are there or not."""
    _get("releases/r", "lanes/l")


def claim() -> None:
    """Write a release and its lane."""
    _commit("releases/r", "lanes/l")


def write() -> None:
    """Write a release."""
    _commit("releases/r")


def query() -> None:
    """Find releases that are due, of which there are none."""
    due = {
        "field": {"field_path": "due_at"},
        "op": "LESS_THAN_OR_EQUAL",
        "value": {"timestamp_value": datetime.now(UTC)},
    }
    wanted = {"from_": [{"collection_id": "releases"}], "where": {"field_filter": due}}
    list(_client().run_query(request={"parent": _ROOT, "structured_query": wanted}, retry=None, timeout=30))


def _get(*names: str) -> None:
    documents = [f"{_ROOT}/{name}" for name in names]
    list(_client().batch_get_documents(request={"database": _DATABASE, "documents": documents}, retry=None, timeout=30))


def _commit(*names: str) -> None:
    writes = [{"update": {"name": f"{_ROOT}/{name}", "fields": _fields()}} for name in names]
    _client().commit(request={"database": _DATABASE, "writes": writes}, retry=None, timeout=30)


def _fields() -> Mapping[str, Any]:
    now = datetime.now(UTC)
    texts = {name: {"string_value": value} for name, value in (("body", _TEXT), ("state", "started"), ("lane", "l"))}
    return {**texts, **{name: {"timestamp_value": now} for name in ("due_at", "updated_at")}}
