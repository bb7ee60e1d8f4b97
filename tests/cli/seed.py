"""A ledger as on-call finds it: releases in every closing state, lanes in use, dead letters; the same every time."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from interlock.bootstrap import FullLedger, load_routes
from interlock.cloud_events import open_message
from interlock.domain.dead_letters.dead_letter import dead_letter_attributes, read_dead_letter
from interlock.domain.dead_letters.dead_lettered_release import dead_lettered_release
from interlock.domain.dead_letters.stored import Resolution, StoredDeadLetter
from interlock.domain.releases.candidate import candidate
from interlock.domain.releases.events import (
    Cancel,
    DeadLettered,
    Event,
    ExecutionEnded,
    ExecutionNotFound,
    RequestReceived,
    StartConfirmed,
    StartRefused,
)
from interlock.domain.releases.model import Release, Result, State
from interlock.domain.requests.message import Message
from interlock.domain.requests.parser import AcceptedRequest, RejectedRequest, RequestParser
from interlock.domain.requests.schema_validation import SchemaValidator
from interlock.ledger.interface import Commit
from interlock.ledger.records import Key
from interlock.schema_files import load_schema
from tests.build import apply, at, mark_sent

FILES = Path(__file__).with_name("files")
ROUTES = FILES / "routes.json"
DIGEST = "0f" * 32
REQUEST: Mapping[str, Any] = {
    "release_version": "1.2.4",
    "target_env": "staging",
    "service": "web",
    "artifact_path": "gs://my-artifacts/web-1.2.4.zip",
    "deployment_script": "deploy.sh",
}
LINES = (
    '{"severity": "INFO", "time": "2026-03-01T12:03:22Z", "message": "release started"}',
    "applying 3 changes",
    '{"severity": "ERROR", "time": "2026-03-01T12:03:23Z", "message": "quota is nearly used up"}',
)
_AFTER_PUBSUB_GAVE_UP = {
    "CloudPubSubDeadLetterSourceDeliveryCount": "10",
    "CloudPubSubDeadLetterSourceSubscription": "dispatch-release",
    "CloudPubSubDeadLetterSourceSubscriptionProject": "acme",
    "CloudPubSubDeadLetterSourceTopicPublishTime": "2026-03-01T12:10:00+00:00",
}


@dataclass
class Seed:
    """Writes into the ledger what the functions would, through the same pure decisions."""

    ledger: FullLedger
    parser: RequestParser
    logs: Path

    def message(self, release_id: str, seconds: float, **changes: Any) -> Message:
        """Return a request; a change to None leaves the key out."""
        body = {**REQUEST, "release_id": release_id, **changes}
        data = json.dumps({key: value for key, value in body.items() if value is not None}).encode()
        return Message(f"m-{release_id}", at(seconds), data, {"team": "web", "token": "s3cr3t"})

    def happens(self, release_id: str, event: Event, seconds: float) -> Release | None:
        """Let the event happen; return the record as it is then."""
        stepped = apply(self.ledger, release_id, event, now=at(seconds))
        for one in stepped.unpublished:
            mark_sent(self.ledger, one)
        return stepped.release

    def submitted(self, release_id: str, seconds: float, **changes: Any) -> Release:
        """Publish a request and let dispatch_release read it."""
        message = self.message(release_id, seconds, **changes)
        parsed = self.parser.parse(message, open_message(message))
        assert isinstance(parsed, AcceptedRequest | RejectedRequest)
        release = self.happens(parsed.release_id, RequestReceived(candidate(parsed, now=at(seconds))), seconds)
        assert release
        return release

    def started(self, release_id: str, seconds: float, **changes: Any) -> str:
        """Let the release start two seconds after it was published; return its execution."""
        release = self.submitted(release_id, seconds, **changes)
        assert release.plan
        execution = f"{release.plan.job}/executions/release-agent-{release_id}"
        folder = self.logs / release_id
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "task-0.log").write_text("".join(f"{line}\n" for line in LINES))
        self.happens(release_id, StartConfirmed(release.fencing_token, execution, folder.as_uri()), seconds + 2)
        return execution

    def ended(self, release_id: str, seconds: float, state: State, *, result: Result, **changes: Any) -> None:
        """Let the release run for a minute and a half and end so."""
        execution = self.started(release_id, seconds, **changes)
        owner = execution.rsplit("/", 1)[-1]
        event = ExecutionEnded(
            release_id=release_id,
            execution=execution,
            attempt=1,
            fencing_token=1,
            state=state,
            result=result,
            owner=owner,
        )
        self.happens(release_id, event, seconds + 92)

    def letter(self, message: Message, seconds: float, **told: Any) -> StoredDeadLetter:
        """Keep a dead letter as alert_dead_letter does; without a reason it is Pub/Sub that gave up."""
        marks = dead_letter_attributes(message, **told) if told else {**message.attributes, **_AFTER_PUBSUB_GAVE_UP}
        forwarded = replace(message, message_id=f"{message.message_id}-again", attributes=marks)
        letter = read_dead_letter(forwarded, open_message(forwarded), now=at(seconds))
        kept = StoredDeadLetter(letter=letter, first_seen_at=at(seconds), last_seen_at=at(seconds), notify=True)
        key = Key("dead_letters", letter.dead_letter_id)
        self.ledger.transact((key,), lambda _: Commit({key: kept}, None))
        return kept

    def buried(self, release_id: str, seconds: float, **changes: Any) -> StoredDeadLetter:
        """Let Pub/Sub give up on a request that no function could take."""
        message = self.message(release_id, seconds, **changes)
        kept = self.letter(message, seconds)
        closed = dead_lettered_release(kept.letter, open_message(message), now=at(seconds))
        self.happens(release_id, DeadLettered(closed), seconds)
        return kept

    def turned_away(self, release_id: str, seconds: float, **changes: Any) -> StoredDeadLetter:
        """Let a request be rejected, with its dead letter."""
        release = self.submitted(release_id, seconds, **changes)
        told = {"reason": release.result.reason, "stage": "validate", "error": release.result.detail}
        return self.letter(self.message(release_id, seconds, **changes), seconds + 1, **told)


def seeding(ledger: FullLedger, logs: Path, *, routes: Path = ROUTES) -> Seed:
    """Return what writes into the ledger by the schema and these routes."""
    return Seed(
        ledger, RequestParser(SchemaValidator.of(load_schema("release-request.v1")), load_routes(str(routes))), logs
    )


def sow(ledger: FullLedger, logs: Path) -> None:
    """Fill the ledger."""
    seed = seeding(ledger, logs)
    _sow_endings(seed)
    _sow_lanes(seed)
    _sow_letters(seed)


def _sow_endings(seed: Seed) -> None:
    fine = Result(outputs={"url": "https://web.example"})
    seed.ended("web-1", 0, State.SUCCEEDED, result=fine, artifact_sha256=DIGEST, requested_by="ci@acme.example")
    broken = Result(
        reason="non_zero_exit", detail="1 of 1 tasks failed", exit_code=7, error_lines=("the disk is full",)
    )
    seed.ended("web-2", 100, State.FAILED, result=broken, reason="nightly", source_commit="4f1e2d3")
    seed.submitted("late-1", 400, not_after="2026-03-01T12:00:00Z")


def _sow_lanes(seed: Seed) -> None:
    seed.started("web-3", 200)
    seed.submitted("web-4", 210)
    seed.submitted("web-5", 220)
    seed.happens("web-5", Cancel("ann", "wrong version"), 230)
    seed.started("shop-1", 300, target_env="production", service="shop")
    seed.submitted("shop-2", 310, target_env="production", service="shop")
    seed.submitted("shop-3", 320, target_env="production", service="shop")


def _sow_letters(seed: Seed) -> None:
    seed.turned_away("broken-1", 500, release_version=None, target_enviroment="staging")
    for number in (1, 2):
        seed.turned_away(f"lost-{number}", 510 + number, target_env="moon")
    gone = seed.submitted("gone-1", 600, target_env="gone")
    refused = {"reason": "job_not_found", "detail": "404 Resource 'release-agent-gone' was not found"}
    seed.happens("gone-1", StartRefused(gone.fencing_token, **refused), 601)
    seed.happens("gone-1", ExecutionNotFound(gone.fencing_token), 601)
    told = {"reason": "job_not_found", "stage": "start", "error": refused["detail"], "route": "gone"}
    seed.letter(seed.message("gone-1", 600, target_env="gone"), 602, **told)
    seed.buried("stuck-1", 700, params={"API_TOKEN": "hunter2"})
    old = seed.turned_away("old-1", 800, artifact_path="https://elsewhere.example/a.zip")
    done = Resolution(action="discarded", by="ann", at=at(900), reason="sent twice")
    key = Key("dead_letters", old.letter.dead_letter_id)
    seed.ledger.transact((key,), lambda _: Commit({key: replace(old, settlement=done)}, None))
