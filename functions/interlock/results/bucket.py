"""The results store where it is a bucket (`gs://BUCKET/PREFIX`)."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from google.api_core.exceptions import Forbidden, GoogleAPIError, NotFound, PreconditionFailed
from google.auth.exceptions import GoogleAuthError
from google.cloud.storage import Bucket, Client
from google.cloud.storage.retry import DEFAULT_RETRY
from requests.exceptions import RequestException

from interlock.domain.executions.task_results import last_results
from interlock.domain.releases.ownership import SEALED, owner_named, sealed_fence
from interlock.google.clients import credentials
from interlock.results.interface import MOST_TASKS, ResultsUnavailable

_RETRY = DEFAULT_RETRY.with_timeout(15.0)
_SECONDS = 5.0
_AT_ONCE = 8
_MOST_BYTES = 1024 * 1024
_PROBLEMS = (GoogleAPIError, GoogleAuthError, RequestException)


class GcsResults:
    """Implements Results on `<prefix>/<quoted release id>/<attempt>/`."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._bucket_name = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._opened: Bucket | None = None

    def owner(self, release_id: str, attempt: int) -> str | None:
        """Return the short name of the execution that owns the fence, SEALED, or None; raise ResultsUnavailable.

        Without the owner a stray could close the release, so a passing failure brings the message back instead.
        """
        try:
            return owner_named(self._read(self._owner(release_id, attempt)))
        except _PROBLEMS as error:
            raise ResultsUnavailable(f"cannot read the fence of {release_id}: {error}"[:500]) from error

    def seal(self, release_id: str, attempt: int) -> str:
        """Take the fence as SEALED unless it is taken; `ifGenerationMatch=0` is one atomic create.

        Raises ResultsUnavailable.
        """
        document = json.dumps(sealed_fence(release_id, attempt))
        try:
            self._bucket.blob(self._owner(release_id, attempt)).upload_from_string(
                document, content_type="application/json", if_generation_match=0, timeout=_SECONDS, retry=_RETRY
            )
        except (PreconditionFailed, Forbidden) as error:  # who may create but not overwrite is told Forbidden
            return self._taken(release_id, attempt, error)
        except _PROBLEMS as error:
            raise ResultsUnavailable(f"cannot seal the fence of {release_id}: {error}"[:500]) from error
        return SEALED

    def _taken(self, release_id: str, attempt: int, error: GoogleAPIError) -> str:
        if owner := self.owner(release_id, attempt):
            return owner
        raise ResultsUnavailable(f"may not seal the fence of {release_id}: {error}"[:500]) from error

    def results(self, release_id: str, attempt: int) -> Sequence[Mapping[str, Any]]:
        """Return the results.json of each task's last try, by task index: they never hold the platform's verdict up."""
        prefix = f"{self._attempt(release_id, attempt)}/"
        try:
            names = last_results((name.removeprefix(prefix) for name in self._names(prefix)), limit=MOST_TASKS)
            with ThreadPoolExecutor(_AT_ONCE) as readers:
                found = list(readers.map(lambda name: self._read(prefix + name), names))
        except _PROBLEMS:
            return ()
        return [one for one in found if one]

    def _names(self, prefix: str) -> Iterator[str]:
        blobs = self._bucket.list_blobs(
            prefix=prefix,
            match_glob="**/results*.json",
            timeout=_SECONDS,
            retry=_RETRY,
            fields="items(name),nextPageToken",
        )
        return (blob.name for blob in blobs)

    def _read(self, name: str) -> Mapping[str, Any] | None:
        blob = self._bucket.blob(name)
        try:
            data = blob.download_as_bytes(end=_MOST_BYTES, checksum=None, timeout=_SECONDS, retry=_RETRY)
        except (NotFound, Forbidden):
            return None
        return _object(data)

    @property
    def _bucket(self) -> Bucket:
        if self._opened is None:
            self._opened = _open_client().bucket(self._bucket_name)
        return self._opened

    def _owner(self, release_id: str, attempt: int) -> str:
        return f"{self._attempt(release_id, attempt)}/owner.json"

    def _attempt(self, release_id: str, attempt: int) -> str:
        return f"{self._prefix}{quote(release_id, safe='')}/{attempt}"


def _open_client() -> Client:
    """Return a client without a project, which objects need none of; an emulator wants no credentials."""
    # Else a thread asks where the bucket lies, for traces that nobody has switched on, and for a token of its own.
    os.environ.setdefault("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")
    return Client(project=None, credentials=None if os.environ.get("STORAGE_EMULATOR_HOST") else credentials())


def _object(data: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(data)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
