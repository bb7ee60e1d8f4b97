"""The doctor's checks of Google, or of its stand-ins: credentials, clock, topics, subscriptions, jobs."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial

import grpc
from google.api_core.exceptions import GoogleAPICallError, PermissionDenied
from google.cloud import run_v2
from google.cloud.run_v2.services.jobs.transports import JobsGrpcTransport
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber import SubscriberClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from google.pubsub_v1.types import Subscription

from interlock_cli.actions.doctor.check import CheckResult, CheckTargets, fault, run_check

_SECONDS = 10.0
_CLOCK_SECONDS = 5.0
_APPLY = "run: terraform apply"
_LOGIN = "run: gcloud auth application-default login"


def check_google(targets: CheckTargets) -> Iterator[CheckResult]:
    """Yield a result or more for each."""
    yield from run_check("credentials", partial(_credentials, targets), _LOGIN)
    yield from run_check("clock", partial(_clock, targets), "check the network")
    for topic in filter(None, targets.topics):
        yield from _run_viewer_check(f"topic {_short(topic)}", partial(_topic, targets, topic))
    for name in _subscriptions(targets.topics):
        yield from _run_viewer_check(f"subscription {_short(name)}", partial(_subscription, targets, name))
    yield from run_check("jobs", partial(_jobs, targets), _LOGIN)


def _run_viewer_check(what: str, check: Callable[[], Iterator[CheckResult]]) -> Iterator[CheckResult]:
    try:
        yield from run_check(what, check, _APPLY, but=PermissionDenied)
    except PermissionDenied as error:
        remedy = "ask for roles/pubsub.viewer on it"
        yield fault(what, f"you may not look at it: {error.message}", remedy)


def _credentials(targets: CheckTargets) -> Iterator[CheckResult]:
    if targets.is_local:
        yield CheckResult("credentials", "skipped", "the local stack needs none")
        return
    import google.auth

    _, project = google.auth.default()
    yield CheckResult("credentials", "ok", f"found, for project {project or 'none'}")


def _clock(targets: CheckTargets) -> Iterator[CheckResult]:
    if targets.is_local:
        yield CheckResult("clock", "skipped", "the local stack has the same")
        return
    import urllib3

    answered_at = urllib3.request("HEAD", targets.clock_url, timeout=_SECONDS, retries=False).headers["date"]
    off = abs((datetime.now(UTC) - parsedate_to_datetime(answered_at)).total_seconds())
    state = "ok" if off < _CLOCK_SECONDS else "fault"
    yield CheckResult("clock", state, f"{off:.0f} s from Google's", "" if state == "ok" else "let NTP set this clock")


def _topic(targets: CheckTargets, topic: str) -> Iterator[CheckResult]:
    what = f"topic {_short(topic)}"
    publisher = _publisher(targets.pubsub_endpoint)
    publisher.get_topic(topic=topic, timeout=_SECONDS)
    yield CheckResult(what, "ok", "exists")
    if not targets.is_local and topic == targets.topics[0]:
        yield _may_publish(publisher, topic)
    if not list(publisher.list_topic_subscriptions(topic=topic, timeout=_SECONDS)):
        yield fault(what, "nobody subscribes to it", _APPLY)


def _may_publish(publisher: PublisherClient, topic: str) -> CheckResult:
    wanted = "pubsub.topics.publish"
    held = publisher.test_iam_permissions(request={"resource": topic, "permissions": [wanted]}, timeout=_SECONDS)
    what = f"publishing on {_short(topic)}"
    if wanted in held.permissions:
        return CheckResult(what, "ok", "you may")
    return fault(what, "you may not", "grant roles/pubsub.publisher on the topic, or run it as CI")


def _subscriptions(topics: Sequence[str]) -> list[str]:
    """Return the push subscriptions that must be there, beside the topic of requests."""
    if not topics or not topics[0]:
        return []
    project = topics[0].split("/topics/", maxsplit=1)[0]
    return [f"{project}/subscriptions/{name}" for name in ("dispatch-release", "report-status", "alert-dead-letter")]


def _subscription(targets: CheckTargets, name: str) -> Iterator[CheckResult]:
    found = _subscriber(targets.pubsub_endpoint).get_subscription(subscription=name, timeout=_SECONDS)
    faults = list(_subscription_faults(found))
    what = f"subscription {_short(name)}"
    yield from (fault(what, one, _APPLY) for one in faults)
    if not faults:
        yield CheckResult(what, "ok", f"pushes to {found.push_config.push_endpoint}")


def _subscription_faults(found: Subscription) -> Iterator[str]:
    if found.topic == "_deleted-topic_":
        yield "its topic is gone"
    if not _is_push(found):
        yield "pushes to nobody"
    if _short(found.name) in {"dispatch-release", "report-status"} and not found.dead_letter_policy.dead_letter_topic:
        yield "has no dead-letter policy: a message it cannot deliver is tried forever"
    if _is_push(found) and not found.retry_policy:
        yield "has no retry policy: failing pushes come back at once"
    if found.expiration_policy.ttl:
        yield f"expires after {found.expiration_policy.ttl.days} idle days"


def _jobs(targets: CheckTargets) -> Iterator[CheckResult]:
    if not targets.routes:
        return
    from interlock.bootstrap import load_routes

    client = _jobs_client(targets.run_endpoint)
    for job in sorted({route.job for route in load_routes(targets.routes)}):
        yield _job(client, job)


def _job(client: run_v2.JobsClient, job: str) -> CheckResult:
    _, project, _, location, _, name = job.split("/")
    what = f"job {project}/{location}/{name}"
    try:
        client.get_job(name=job, timeout=_SECONDS)
    except PermissionDenied as error:
        remedy = "ask for roles/run.viewer on it; dispatch_release needs rights of its own: run: terraform apply"
        return fault(what, f"you may not look at it: {error.message}", remedy)
    except GoogleAPICallError as error:
        return fault(what, f"{type(error).__name__}: {error.message}", "deploy the job, or mend the route")
    return CheckResult(what, "ok", "exists")


def _is_push(found: Subscription) -> bool:
    return bool(found.push_config.push_endpoint)


def _short(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def _publisher(endpoint: str) -> PublisherClient:
    if not endpoint:
        return PublisherClient()
    return PublisherClient(transport=PublisherGrpcTransport(channel=grpc.insecure_channel(endpoint)))


def _subscriber(endpoint: str) -> SubscriberClient:
    if not endpoint:
        return SubscriberClient()
    return SubscriberClient(transport=SubscriberGrpcTransport(channel=grpc.insecure_channel(endpoint)))


def _jobs_client(endpoint: str) -> run_v2.JobsClient:
    if not endpoint:
        return run_v2.JobsClient()
    return run_v2.JobsClient(transport=JobsGrpcTransport(channel=grpc.insecure_channel(endpoint)))
