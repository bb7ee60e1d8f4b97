"""Readiness probes: an HTTP call, a real RPC through Google's client, or only a living process."""

from collections.abc import Callable, Mapping

import grpc
import urllib3
from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.cloud import run_v2
from google.cloud.run_v2.services.jobs.transports import JobsGrpcTransport
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

from interlock_local.stack import names
from interlock_local.stack.services import Probe

PROBE_SECONDS = 2.0
LOADED = 404
"""functions-framework's own answer to robots.txt: the function is loaded, and is not called."""


class ServiceBroken(Exception):
    """The service answers that it cannot work, so that waiting longer is useless."""


def function_answers(address: str) -> bool:
    """Return whether the function is loaded; raise ServiceBroken if its module fails to load."""
    try:
        url = f"http://{address}/robots.txt"
        status = urllib3.request("GET", url, retries=False, timeout=urllib3.Timeout(10)).status
    except urllib3.exceptions.HTTPError:
        return False
    if status >= 500:
        raise ServiceBroken(f"answers {status}")
    return status == LOADED


def pubsub_answers(address: str) -> bool:
    """Return whether it lists its topics."""
    with grpc.insecure_channel(address) as channel:
        client = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        return _succeeds(
            lambda: client.list_topics(project=f"projects/{names.PROJECT}", retry=None, timeout=PROBE_SECONDS)
        )


def cloud_run_answers(address: str) -> bool:
    """Return whether it lists its jobs."""
    with grpc.insecure_channel(address) as channel:
        client = run_v2.JobsClient(transport=JobsGrpcTransport(channel=channel))
        return _succeeds(lambda: client.list_jobs(parent=names.PARENT, retry=None, timeout=PROBE_SECONDS))


def firestore_answers(address: str) -> bool:
    """Return whether the emulator answers."""
    try:
        return urllib3.request("GET", f"http://{address}/", retries=False, timeout=PROBE_SECONDS).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def _succeeds(call: Callable[[], object]) -> bool:
    try:
        call()
    except (GoogleAPICallError, RetryError):
        return False
    return True


PROBES: Mapping[Probe, Callable[[str], bool]] = {
    "function": function_answers,
    "pubsub": pubsub_answers,
    "cloud_run": cloud_run_answers,
    "firestore": firestore_answers,
    "process": lambda _: True,
}
