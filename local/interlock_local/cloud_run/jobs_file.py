"""The jobs file: which jobs exist, what they run, and where their completions are delivered."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]


class Job(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One job as its owner configured it."""

    command: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = msgspec.field(default_factory=dict)
    container: str = "job"
    image: str = ""
    task_count: Annotated[int, msgspec.Meta(ge=1)] = 1
    parallelism: Count = 0
    max_retries: Count = 0
    timeout_seconds: Seconds = 600
    service_account: str = ""
    silent_cancel: bool = False

    @property
    def image_by_digest(self) -> str:
        """The image as Cloud Run shows it; a command has none, so that its hash stands for the digest."""
        return self.image or "local/command@sha256:" + sha256("\0".join(self.command).encode()).hexdigest()


class DeliveryTargets(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where completion entries are delivered; a target that is absent gets none."""

    eventarc_url: str | None = None
    sink_topic: str | None = None


class JobsFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One project in one location."""

    project: str
    location: str
    jobs: Mapping[str, Job]
    deliver: DeliveryTargets = msgspec.field(default_factory=DeliveryTargets)
    project_number: str = "100000000001"
    silent_cancel: bool = False

    @property
    def parent(self) -> str:
        """The resource name that all jobs share."""
        return f"projects/{self.project}/locations/{self.location}"

    def is_silent_on_cancel(self, job: str) -> bool:
        """Return whether a cancelled execution of the job gets no audit entry, as may happen at Google."""
        known = self.jobs.get(job)
        return self.silent_cancel or (known is not None and known.silent_cancel)


def read_jobs(path: Path) -> JobsFile:
    """Read the file; msgspec.ValidationError names the place of a mistake."""
    return msgspec.json.decode(path.read_bytes(), type=JobsFile)
