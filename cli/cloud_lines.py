"""Reads an execution's lines from Cloud Logging."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from google.cloud.logging_v2 import ASCENDING, Client


class CloudLines:
    """Implements LogLines. Entries may arrive late, so each look begins where the last entry stands, and skips it."""

    def __init__(self, execution: str) -> None:
        _, self._project, _, self._location, _, self._job, _, self._name = execution.split("/")
        self._since = datetime(2020, 1, 1, tzinfo=UTC)
        self._seen: set[str] = set()

    @cached_property
    def _client(self) -> Client:
        return Client(project=self._project)

    @property
    def filter(self) -> str:
        """Return the filter that Logs Explorer takes, too."""
        return "\n".join(
            (
                'resource.type="cloud_run_job"',
                f'resource.labels.location="{self._location}"',
                f'resource.labels.job_name="{self._job}"',
                f'labels."run.googleapis.com/execution_name"="{self._name}"',
                f'timestamp>="{self._since.isoformat()}"',
            )
        )

    def new(self) -> Iterator[Mapping[str, Any]]:
        """Yield what has come since the last look."""
        for entry in self._client.list_entries(filter_=self.filter, order_by=ASCENDING):
            if entry.insert_id not in self._seen:
                self._seen.add(entry.insert_id)
                self._since = max(self._since, entry.timestamp)
                yield _told(entry)


def _told(entry: Any) -> Mapping[str, Any]:
    payload = entry.payload if isinstance(entry.payload, Mapping) else {"message": str(entry.payload or "")}
    return {**payload, "severity": entry.severity, "timestamp": entry.timestamp.isoformat()}
