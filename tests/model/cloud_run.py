"""Cloud Run and its agents in memory: starts whose answer gets lost, a list that lags, a fence only one takes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from interlock.domain.executions.execution_status import ExecutionStatus
from interlock.domain.requests.delivery import AuditLogDelivery
from interlock.ports import Ambiguous, Refused, Started, StartOrder, Throttled
from tests.fakes import Clock, FakeResults
from tests.model.faults import Fuse


class Answer(StrEnum):
    """How Cloud Run takes the next start; `hidden` starts it and loses the answer, `lost` loses the request."""

    REFUSED = "refused"
    OVERLOADED = "overloaded"
    LOST = "lost"
    HIDDEN = "hidden"


class End(StrEnum):
    """How an execution ends."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(eq=False)
class Execution:
    """One execution and its agent."""

    name: str
    order: StartOrder
    listed_at: datetime
    runs_script: bool = False
    end: End | None = None
    stop_asked: bool = False
    is_forgotten: bool = False

    @property
    def short_name(self) -> str:
        return self.name.rsplit("/", 1)[-1]

    @property
    def release_id(self) -> str:
        return self.order.environment["INTERLOCK_RELEASE_ID"]

    @property
    def attempt(self) -> int:
        return int(self.order.environment["INTERLOCK_ATTEMPT"])

    @property
    def fencing_token(self) -> int:
        return int(self.order.environment["INTERLOCK_FENCE"])

    @property
    def is_running_script(self) -> bool:
        return self.runs_script and self.end is None


@dataclass
class ModelCloudRun:
    """Implements JobStarter and ExecutionReader; `lag` is how long the list does not show what starts now."""

    clock: Clock
    fuse: Fuse
    results: FakeResults
    answers: list[Answer] = field(default_factory=list)
    executions: dict[str, Execution] = field(default_factory=dict)
    lag: timedelta = timedelta()

    def start(self, order: StartOrder) -> Started | Refused | Throttled | Ambiguous:
        self.fuse.reach()
        answer = self.answers.pop(0) if self.answers else None
        match answer:
            case Answer.REFUSED:
                return Refused("permission", "403")
            case Answer.OVERLOADED:
                return Throttled("429")
            case Answer.LOST:
                return Ambiguous("deadline")
            case _:
                started = self._run(order)
                self.fuse.reach()
                return Ambiguous("deadline") if answer is Answer.HIDDEN else started

    def _run(self, order: StartOrder) -> Started:
        name = f"{order.job}/executions/release-agent-{len(self.executions):05}"
        self.executions[name] = Execution(name, order, self.clock() + self.lag)
        return Started(name, None)

    def find(self, job: str, environment: Mapping[str, str]) -> Started | None:
        self.fuse.reach()
        for one in reversed(self.executions.values()):
            if one.listed_at <= self.clock() and environment.items() <= one.order.environment.items():
                return Started(one.name, None)
        return None

    def stop(self, execution: str) -> None:
        self.fuse.reach()
        self.executions[execution].stop_asked = True
        self.fuse.reach()

    def status(self, execution: str) -> ExecutionStatus | None:
        found = self.executions.get(execution)
        if found is None or found.is_forgotten:
            return None
        return ExecutionStatus(
            environment=found.order.environment,
            completed=None if found.end is None else found.end is End.SUCCEEDED,
            reason=None,
            message=None,
            counts={found.end.value: 1} if found.end else {},
            task_count=1,
            log_uri=None,
        )

    def open(self) -> Iterator[Execution]:
        return (one for one in self.executions.values() if one.end is None)

    def begin(self, execution: Execution) -> None:
        """Let the agent come up: it takes the fence and runs the script, or stands back and exits 0."""
        key = (execution.release_id, execution.attempt)
        owner = self.results.owners.setdefault(key, execution.short_name)
        if owner == execution.short_name:
            execution.runs_script = True
        else:
            execution.end = End.SUCCEEDED

    def entry(self, execution: Execution) -> AuditLogDelivery:
        """Return the completion entry of an execution that ended."""
        assert execution.end is not None
        environment = [{"name": name, "value": value} for name, value in execution.order.environment.items()]
        status: dict[str, Any] = {
            "conditions": [{"type": "Completed", "status": str(execution.end is End.SUCCEEDED)}],
            f"{execution.end}Count": 1,
        }
        return AuditLogDelivery(event_id=execution.name, entry=_entry(execution.short_name, environment, status))


def _entry(name: str, environment: list[dict[str, str]], status: dict[str, Any]) -> dict[str, Any]:
    return {
        "logName": "projects/acme/logs/cloudaudit.googleapis.com%2Fsystem_event",
        "resource": {
            "type": "cloud_run_job",
            "labels": {"job_name": "release-agent", "location": "europe-west1", "project_id": "acme"},
        },
        "protoPayload": {
            "methodName": "/Jobs.RunJob",
            "resourceName": f"namespaces/acme/executions/{name}",
            "response": {
                "kind": "Execution",
                "metadata": {"name": name},
                "spec": {"taskCount": 1, "template": {"spec": {"containers": [{"env": environment}]}}},
                "status": status,
            },
        },
    }
