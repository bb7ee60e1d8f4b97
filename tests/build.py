"""Builders for the values tests need; each takes only what differs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from interlock.domain.releases.context import Context, StartLimits
from interlock.domain.releases.events import Event
from interlock.domain.releases.model import Release, ReleasePlan, Source, State
from interlock.domain.requests.routes import LaneMode, Rerun
from interlock.ledger.interface import Ledger
from interlock.services.release_service import ReleaseService
from interlock.services.release_transaction import Applied

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LIMITS = StartLimits(lease=timedelta(seconds=60), max_starts=3)
JOB = "projects/acme/locations/europe-west1/jobs/release-agent"


def a_context(now: datetime = NOW, limits: StartLimits = LIMITS) -> Context:
    """Return what a decision at this instant knows besides the records."""
    return Context(now=now, instance="test", limits=limits)


def apply(ledger: Ledger, release_id: str, event: Event, *, now: datetime = NOW) -> Applied:
    """Apply the event to the ledger's records at this instant."""
    return ReleaseService(ledger=ledger, instance="test", now=lambda: now, limits=LIMITS).apply(release_id, event)


def mark_sent(ledger: Ledger, release: Release) -> None:
    """Take everything out of the release's outbox, as if it had been published."""
    ReleaseService(ledger=ledger, instance="test", now=lambda: NOW).mark_sent(release.release_id, release.outbox)


def at(seconds: float) -> datetime:
    """Return the instant this many seconds after NOW."""
    return NOW + timedelta(seconds=seconds)


def a_plan(**changes: Any) -> ReleasePlan:
    """Return a fifo plan for staging/web."""
    plan = ReleasePlan(
        route="staging",
        job=JOB,
        lane="staging/web",
        lane_mode=LaneMode.FIFO,
        capacity=1,
        max_queue=100,
        rerun=Rerun.FAILED_ONLY,
        timeout_seconds=None,
        allowed_sources=("gs://",),
        replaceable=True,
    )
    return replace(plan, **changes)


def a_release(release_id: str = "web-1", *, published: float = 0, **changes: Any) -> Release:
    """Return a candidate as intake makes it, published this many seconds after NOW."""
    message_id = changes.pop("message_id", f"m-{release_id}")
    plan = a_plan(**changes.pop("plan", {}))
    release = Release(
        release_id=release_id,
        state=State.QUEUED,
        request={
            "release_version": "1.2.4",
            "target_env": "staging",
            "service": "web",
            "artifact_path": "gs://my-artifacts/my-app-1.2.4.zip",
            "deployment_script": "deploy.sh",
        },
        payload_hash="hash-of-the-request",
        source=Source(message_id=message_id, publish_time=at(published), data=b"{}", attributes={}),
        accepted_at=NOW,
        updated_at=NOW,
        plan=plan,
        message_ids=(message_id,),
    )
    return replace(release, **changes)
