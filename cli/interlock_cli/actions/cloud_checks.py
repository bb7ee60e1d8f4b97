"""The doctor's questions to Google, or to what stands in for it: credentials, topics, subscriptions, jobs, clock."""

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

from interlock_cli.actions.checks import Finding, Settings, guarded

_SECONDS = 10.0
_CLOCK_SECONDS = 5.0
_APPLY = "run: terraform apply"
_LOGIN = "run: gcloud auth application-default login"


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield what is found of each, faults and all."""
    yield from guarded("credentials", partial(_credentials, settings), _LOGIN)
    yield from guarded("clock", partial(_clock, settings), "check the network")
    for topic in filter(None, settings.topics):
        yield from _looked_at(f"topic {_short(topic)}", partial(_topic, settings, topic))
    for name in _subscriptions(settings.topics):
        yield from _looked_at(f"subscription {_short(name)}", partial(_subscription, settings, name))
    yield from guarded("jobs", partial(_jobs, settings), _LOGIN)


def _looked_at(what: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from guarded(what, check, _APPLY, but=PermissionDenied)
    except PermissionDenied as error:
        remedy = "ask for roles/pubsub.viewer on it"
        yield Finding(what, "fault", f"you may not look at it: {error.message}"[:300], remedy)


def _credentials(settings: Settings) -> Iterator[Finding]:
    if settings.is_local:
        yield Finding("credentials", "skipped", "the local stack needs none")
        return
    import google.auth

    _, project = google.auth.default()
    yield Finding("credentials", "ok", f"found, for project {project or 'none'}")


def _clock(settings: Settings) -> Iterator[Finding]:
    if settings.is_local:
        yield Finding("clock", "skipped", "the local stack has the same")
        return
    import urllib3

    told = urllib3.request("HEAD", settings.clock_url, timeout=_SECONDS, retries=False).headers["date"]
    off = abs((datetime.now(UTC) - parsedate_to_datetime(told)).total_seconds())
    state = "ok" if off < _CLOCK_SECONDS else "fault"
    yield Finding("clock", state, f"{off:.0f} s from Google's", "" if state == "ok" else "let NTP set this clock")


def _topic(settings: Settings, topic: str) -> Iterator[Finding]:
    what = f"topic {_short(topic)}"
    publisher = _publisher(settings.pubsub_endpoint)
    publisher.get_topic(topic=topic, timeout=_SECONDS)
    yield Finding(what, "ok", "exists")
    if not settings.is_local and topic == settings.topics[0]:
        yield _may_publish(publisher, topic)
    if not list(publisher.list_topic_subscriptions(topic=topic, timeout=_SECONDS)):
        yield Finding(what, "fault", "nobody subscribes to it", _APPLY)


def _may_publish(publisher: PublisherClient, topic: str) -> Finding:
    wanted = "pubsub.topics.publish"
    held = publisher.test_iam_permissions(request={"resource": topic, "permissions": [wanted]}, timeout=_SECONDS)
    what = f"publishing on {_short(topic)}"
    if wanted in held.permissions:
        return Finding(what, "ok", "you may")
    return Finding(what, "fault", "you may not", "grant roles/pubsub.publisher on the topic, or run it as CI")


def _subscriptions(topics: Sequence[str]) -> list[str]:
    """Return the push subscriptions that must be there, beside the topic of requests."""
    if not topics or not topics[0]:
        return []
    project = topics[0].split("/topics/", maxsplit=1)[0]
    return [f"{project}/subscriptions/{name}" for name in ("dispatch-release", "report-status", "alert-dead-letter")]


def _subscription(settings: Settings, name: str) -> Iterator[Finding]:
    found = _subscriber(settings.pubsub_endpoint).get_subscription(subscription=name, timeout=_SECONDS)
    faults = list(_faults(found))
    what = f"subscription {_short(name)}"
    yield from (Finding(what, "fault", fault, _APPLY) for fault in faults)
    if not faults:
        yield Finding(what, "ok", f"pushes to {found.push_config.push_endpoint}")


def _faults(found: Subscription) -> Iterator[str]:
    if found.topic == "_deleted-topic_":
        yield "its topic is gone"
    if not _pushes(found):
        yield "pushes to nobody"
    if _short(found.name) in {"dispatch-release", "report-status"} and not found.dead_letter_policy.dead_letter_topic:
        yield "has no dead-letter policy: a message it cannot deliver is tried forever"
    if _pushes(found) and not found.retry_policy:
        yield "has no retry policy: failing pushes come back at once"
    if found.expiration_policy.ttl:
        yield f"expires after {found.expiration_policy.ttl.days} idle days"


def _jobs(settings: Settings) -> Iterator[Finding]:
    if not settings.routes:
        return
    from interlock.bootstrap import load_routes

    client = _jobs_client(settings.run_endpoint)
    for job in sorted({route.job for route in load_routes(settings.routes)}):
        yield _job(client, job)


def _job(client: run_v2.JobsClient, job: str) -> Finding:
    _, project, _, location, _, name = job.split("/")
    what = f"job {project}/{location}/{name}"
    try:
        client.get_job(name=job, timeout=_SECONDS)
    except PermissionDenied as error:
        remedy = "ask for roles/run.viewer on it; dispatch_release needs rights of its own: run: terraform apply"
        return Finding(what, "fault", f"you may not look at it: {error.message}"[:300], remedy)
    except GoogleAPICallError as error:
        return Finding(
            what, "fault", f"{type(error).__name__}: {error.message}"[:300], "deploy the job, or mend the route"
        )
    return Finding(what, "ok", "exists")


def _pushes(found: Subscription) -> bool:
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
