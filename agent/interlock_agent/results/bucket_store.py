"""Keeps documents in a bucket; `ifGenerationMatch=0` is one atomic create."""

import json
from collections.abc import Mapping
from typing import Any

from google.api_core.exceptions import Forbidden, GoogleAPIError, NotFound, PreconditionFailed
from google.auth.exceptions import GoogleAuthError
from google.cloud.storage import Bucket, Client
from google.cloud.storage.retry import DEFAULT_RETRY
from requests.exceptions import RequestException

from interlock_agent.results.interface import StoreUnavailable

_RETRY = DEFAULT_RETRY.with_timeout(60.0)
_SECONDS = 20.0
_PROBLEMS = (GoogleAPIError, GoogleAuthError, RequestException, OSError, ValueError)


class BucketStore:
    """Implements ResultStore on `gs://<bucket>/<prefix>/<name>`; it needs no permission to overwrite or delete."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._bucket_name = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._bucket: Bucket | None = None

    def create(self, name: str, document: Mapping[str, Any]) -> bool:
        """Create the document whole; False where it exists already, which may be this call's own lost answer."""
        data = json.dumps(document).encode()
        try:
            self._blob(name).upload_from_string(
                data, content_type="application/json", if_generation_match=0, timeout=_SECONDS, retry=_RETRY
            )
        except PreconditionFailed:
            return False
        except Forbidden as problem:
            # an identity that may create but not overwrite gets 403 for an existing object, not 412
            if self.read(name) is None:
                raise StoreUnavailable(f"may not write {name}: {problem}"[:500]) from problem
            return False
        except _PROBLEMS as problem:
            raise StoreUnavailable(f"cannot write {name}: {problem}"[:500]) from problem
        return True

    def read(self, name: str) -> Mapping[str, Any] | None:
        """Return the document, or None where there is none."""
        try:
            found = json.loads(self._blob(name).download_as_bytes(timeout=_SECONDS, retry=_RETRY))
        except NotFound:
            return None
        except _PROBLEMS as problem:
            raise StoreUnavailable(f"cannot read {name}: {problem}"[:500]) from problem
        if not isinstance(found, dict):
            raise StoreUnavailable(f"{name} is no JSON object")
        return found

    def _blob(self, name: str) -> Any:
        if self._bucket is None:
            self._bucket = Client().bucket(self._bucket_name)
        return self._bucket.blob(self._prefix + name)
