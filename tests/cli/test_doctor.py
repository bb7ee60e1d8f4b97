"""The doctor on an installation in the cloud: each fault is found, and each says what to do."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from google.cloud.run_v2.types import Job
from google.iam.v1 import iam_policy_pb2
from google.pubsub_v1.types import (
    DeadLetterPolicy,
    ExpirationPolicy,
    GetSubscriptionRequest,
    ListTopicSubscriptionsResponse,
    PushConfig,
    RetryPolicy,
    Subscription,
    Topic,
)

from interlock.bootstrap import open_ledger
from interlock.ledger.interface import Commit
from interlock.ledger.records import Key
from interlock_cli.actions.doctor.all_checks import run_all_checks
from interlock_cli.actions.doctor.check import CheckResult, CheckTargets
from tests.build import NOW, a_release
from tests.cli.google_server import Answer, clock_at, refusing, serving

TOPICS = tuple(f"projects/acme/topics/release-{name}" for name in ("requests", "status", "dead-letters"))
JOB = "projects/acme/locations/europe-west1/jobs/one"
DENIED = refusing(grpc.StatusCode.PERMISSION_DENIED, "Permission 'x' denied")
GONE = refusing(grpc.StatusCode.NOT_FOUND, "Resource not found")


def a_subscription(name: str, **changes: object) -> Subscription:
    found = Subscription(
        name=name,
        topic=TOPICS[0],
        push_config=PushConfig(push_endpoint="https://dispatch.example/"),
        retry_policy=RetryPolicy(minimum_backoff=timedelta(seconds=10)),
        dead_letter_policy=DeadLetterPolicy(dead_letter_topic=TOPICS[2], max_delivery_attempts=10),
    )
    for key, value in changes.items():
        setattr(found, key, value)
    return found


def subscriptions(**changes: object) -> Answer:
    def answer(request: bytes, _: grpc.ServicerContext) -> bytes:
        name = GetSubscriptionRequest.deserialize(request).subscription
        return Subscription.serialize(a_subscription(name, **changes))

    return answer


def permissions(*, held: bool) -> Answer:
    def answer(request: bytes, _: grpc.ServicerContext) -> bytes:
        asked = iam_policy_pb2.TestIamPermissionsRequest.FromString(request).permissions
        answered = iam_policy_pb2.TestIamPermissionsResponse(permissions=asked if held else [])
        return bytes(answered.SerializeToString())

    return answer


WELL: Mapping[str, Answer] = {
    "google.pubsub.v1.Publisher/GetTopic": lambda *_: Topic.serialize(Topic(name="t")),
    "google.pubsub.v1.Publisher/ListTopicSubscriptions": lambda *_: ListTopicSubscriptionsResponse.serialize(
        ListTopicSubscriptionsResponse(subscriptions=["s"])
    ),
    "google.pubsub.v1.Subscriber/GetSubscription": subscriptions(),
    "google.iam.v1.IAMPolicy/TestIamPermissions": permissions(held=True),
    "google.cloud.run.v2.Jobs/GetJob": lambda *_: Job.serialize(Job(name=JOB)),
}
CREDENTIALS = {"type": "authorized_user", "client_id": "x", "client_secret": "x", "refresh_token": "x"}


@pytest.fixture
def visit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[CheckResult]]]:
    """Return a visit of the doctor to an installation that is well, but for what the test changes."""
    key = tmp_path / "credentials.json"
    key.write_text(json.dumps(CREDENTIALS))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key))
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "acme")
    with ExitStack() as ends:

        def look(
            answers: Mapping[str, Answer] | None = None, *, off: float = 0, **changes: object
        ) -> list[CheckResult]:
            address = ends.enter_context(serving({**WELL, **(answers or {})}))
            clock = ends.enter_context(clock_at(datetime.now(UTC) + timedelta(seconds=off)))
            targets = CheckTargets(
                ledger=f"sqlite://{tmp_path}/ledger.db",
                routes=json.dumps({"routes": [{"name": "a", "job": JOB}]}),
                topics=TOPICS,
                pubsub_endpoint=address,
                run_endpoint=address,
                is_local=False,
                clock_url=clock,
            )
            return list(run_all_checks(replace(targets, **changes)))  # type: ignore[arg-type]

        yield look


def faults(found: list[CheckResult]) -> list[tuple[str, str, str]]:
    return [(one.what, one.found, one.remedy) for one in found if one.state == "fault"]


def test_a_healthy_installation_has_no_fault_and_nothing_is_skipped(visit: Callable[..., list[CheckResult]]) -> None:
    found = visit()
    assert {one.state for one in found} == {"ok"}, found
    assert [one.what for one in found] == [
        *("ledger", "reconcile", "routes", "credentials", "clock", "topic release-requests"),
        *("publishing on release-requests", "topic release-status", "topic release-dead-letters"),
        *("subscription dispatch-release", "subscription report-status", "subscription alert-dead-letter"),
        "job acme/europe-west1/one",
    ]


GET = "google.pubsub.v1.Publisher/GetTopic"
SUBSCRIPTION = "google.pubsub.v1.Subscriber/GetSubscription"
LISTED = "google.pubsub.v1.Publisher/ListTopicSubscriptions"
MAY = "google.iam.v1.IAMPolicy/TestIamPermissions"
RUN = "google.cloud.run.v2.Jobs/GetJob"


@pytest.mark.parametrize(
    ("answers", "changes", "what", "found", "remedy"),
    [
        ({GET: GONE}, {}, "topic release-requests", "Resource not found", "terraform apply"),
        ({GET: DENIED}, {}, "topic release-status", "you may not look at it", "roles/pubsub.viewer"),
        (
            {LISTED: lambda *_: ListTopicSubscriptionsResponse.serialize(ListTopicSubscriptionsResponse())},
            *({}, "topic release-status", "nobody subscribes", "terraform apply"),
        ),
        ({MAY: permissions(held=False)}, {}, "publishing on release-requests", "you may not", "roles/pubsub.publisher"),
        ({SUBSCRIPTION: GONE}, {}, "subscription report-status", "Resource not found", "terraform apply"),
        (
            {SUBSCRIPTION: subscriptions(dead_letter_policy=DeadLetterPolicy())},
            *({}, "subscription dispatch-release", "no dead-letter policy", "terraform apply"),
        ),
        (
            {SUBSCRIPTION: subscriptions(retry_policy=RetryPolicy())},
            *({}, "subscription dispatch-release", "no retry policy", "terraform apply"),
        ),
        (
            {SUBSCRIPTION: subscriptions(push_config=PushConfig())},
            *({}, "subscription alert-dead-letter", "pushes to nobody", "terraform apply"),
        ),
        (
            {SUBSCRIPTION: subscriptions(topic="_deleted-topic_")},
            *({}, "subscription dispatch-release", "its topic is gone", "terraform apply"),
        ),
        (
            {SUBSCRIPTION: subscriptions(expiration_policy=ExpirationPolicy(ttl=timedelta(days=31)))},
            *({}, "subscription dispatch-release", "expires after 31 idle days", "terraform apply"),
        ),
        ({RUN: GONE}, {}, "job acme/europe-west1/one", "Resource not found", "deploy the job"),
        ({RUN: DENIED}, {}, "job acme/europe-west1/one", "you may not look at it", "roles/run.viewer"),
        ({}, {"off": -90}, "clock", " s from Google's", "NTP"),
        ({}, {"clock_url": "http://127.0.0.1:1/"}, "clock", "refused", "check the network"),
        ({}, {"ledger": ""}, "ledger", "none is named", "INTERLOCK_LEDGER"),
        ({}, {"ledger": "sqlite:///nowhere/at/all.db"}, "ledger", "unable to open", "that you may read it"),
        ({}, {"ledger": "nonsense"}, "ledger", "expected sqlite", "check INTERLOCK_LEDGER"),
        ({}, {"routes": '{"routes": 7}'}, "routes", "expected", "interlock routes check"),
        (
            {},
            {"routes": json.dumps({"routes": [{"name": "a", "job": JOB}, {"name": "b", "job": JOB}]})},
            *("routes", "taken before", "mend the routes"),
        ),
    ],
)
def test_a_fault_is_found_and_says_what_to_do(
    answers: Mapping[str, Answer],
    changes: dict[str, object],
    what: str,
    found: str,
    remedy: str,
    visit: Callable[..., list[CheckResult]],
) -> None:
    reported = faults(visit(answers, **changes))
    assert [one for one in reported if one[0] == what and found in one[1] and remedy in one[2]], reported
    assert all(one[2] for one in reported)


def test_missing_credentials_are_a_fault(
    visit: Callable[..., list[CheckResult]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere.json")
    [reported] = faults(visit())
    assert (reported[0], reported[2]) == ("credentials", "run: gcloud auth application-default login")


def test_what_reconcile_has_left_undone_is_a_fault(visit: Callable[..., list[CheckResult]], tmp_path: Path) -> None:
    late = a_release(not_after=NOW)
    ledger = open_ledger(f"sqlite://{tmp_path}/ledger.db")
    ledger.transact((), lambda _: Commit({Key("releases", "web-1"): late}, None))
    [reported] = faults(visit())
    assert (reported[0], "interlock-reconcile" in reported[2]) == ("reconcile", True)
