"""A refused start may run all the same; whoever refuses may also refuse to be asked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest

from interlock.domain.releases.events import ExecutionNotFound, StartConfirmed
from interlock.domain.releases.model import Release, Result
from interlock.domain.releases.ownership import SEALED
from interlock.ports import Ambiguous, CloudRunUnavailable, Refused, Started, StartOrder, Throttled
from interlock.services.job_launcher import JobLauncher
from tests.build import JOB, NOW, a_plan, a_release


class SilentJobs:
    """Answers no question."""

    def start(self, order: StartOrder) -> Started | Refused | Throttled | Ambiguous:
        raise AssertionError("nothing may be started")

    def find(self, job: str, environment: Mapping[str, str]) -> Started | None:
        raise CloudRunUnavailable("may not list")

    def stop(self, execution: str) -> None:
        raise AssertionError("nothing may be stopped")


@dataclass(frozen=True)
class Taken:
    """A fence that one execution holds already, or nobody."""

    holder: str | None = None

    def owner(self, release_id: str, attempt: int) -> str | None:
        return self.holder

    def seal(self, release_id: str, attempt: int) -> str:
        return self.holder or SEALED


REFUSED = replace(a_release(), fencing_token=1, starts=1, refusal=Result(reason="permission"))


def adopt(release: Release, holder: str | None = None) -> StartConfirmed | ExecutionNotFound:
    launcher = JobLauncher(jobs=SilentJobs(), open_ownership=lambda: Taken(holder), now=lambda: NOW, jitter=lambda: 0.5)
    return launcher.adopt(release, a_plan())


def test_a_refused_start_that_took_the_fence_is_adopted() -> None:
    assert adopt(REFUSED, "agent-1") == StartConfirmed(1, f"{JOB}/executions/agent-1", None)


def test_a_refused_start_that_took_no_fence_never_will() -> None:
    assert adopt(REFUSED) == ExecutionNotFound(1)


def test_a_start_in_doubt_waits_for_an_answer() -> None:
    with pytest.raises(CloudRunUnavailable):
        adopt(replace(REFUSED, refusal=None))
