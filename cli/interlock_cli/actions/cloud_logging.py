"""Reads an execution's log from Cloud Logging."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import grpc
from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.auth.exceptions import GoogleAuthError
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.logging_v2.services.logging_service_v2.transports import LoggingServiceV2GrpcTransport
from google.cloud.logging_v2.types import ListLogEntriesRequest, LogEntry
from google.protobuf.json_format import MessageToDict

from interlock_cli.errors import CommandError

_SECONDS = 30.0


class CloudLogReader:
    """Implements LogReader. Each call reads from the newest timestamp on, and skips what it has returned before."""

    def __init__(self, execution: str, endpoint: str = "") -> None:
        _, self._project, _, self._location, _, self._job, _, self._name = execution.split("/")
        self._endpoint = endpoint
        self._since = datetime(2020, 1, 1, tzinfo=UTC)
        self._seen: set[str] = set()

    @cached_property
    def _client(self) -> LoggingServiceV2Client:
        if not self._endpoint:
            return LoggingServiceV2Client()
        channel = grpc.insecure_channel(self._endpoint)
        return LoggingServiceV2Client(transport=LoggingServiceV2GrpcTransport(channel=channel))

    @property
    def filter(self) -> str:
        """Return the query; Logs Explorer takes the same."""
        return "\n".join(
            (
                'resource.type="cloud_run_job"',
                f'resource.labels.location="{self._location}"',
                f'resource.labels.job_name="{self._job}"',
                f'labels."run.googleapis.com/execution_name"="{self._name}"',
                f'timestamp>="{self._since.isoformat()}"',
            )
        )

    def read_new(self) -> Iterator[Mapping[str, Any]]:
        """Yield the entries since the last call."""
        request = ListLogEntriesRequest(
            resource_names=[f"projects/{self._project}"], filter=self.filter, order_by="timestamp asc", page_size=1000
        )
        try:
            for entry in self._client.list_log_entries(request=request, timeout=_SECONDS):
                if entry.insert_id not in self._seen:
                    self._seen.add(entry.insert_id)
                    self._since = max(self._since, entry.timestamp)
                    yield _entry(entry)
        except (GoogleAPICallError, RetryError, GoogleAuthError) as error:
            remedy = "grant roles/logging.viewer on the project, or look there yourself with Logs Explorer"
            raise CommandError(f"Cloud Logging does not answer: {error}", remedy) from error


def _entry(entry: LogEntry) -> Mapping[str, Any]:
    document = MessageToDict(LogEntry.pb(entry))
    payload = document.get("jsonPayload") or {"message": document.get("textPayload", "")}
    return {**payload, "severity": document.get("severity", "DEFAULT"), "timestamp": document.get("timestamp")}
