"""Whether a part answers: an HTTP answer, a real RPC through Google's client, or a living process."""

from collections.abc import Callable, Mapping

import grpc
import urllib3
from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.cloud import run_v2
from google.cloud.run_v2.services.jobs.transports import JobsGrpcTransport
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

from interlock_local.stack import names
from interlock_local.stack.parts import Answer

PROBE_SECONDS = 2.0
LOADED = 404
"""functions-framework's own answer to robots.txt: the function is loaded, and is not called."""


class Broken(Exception):
    """The part answers, and says that it cannot work."""


def function_answers(address: str) -> bool:
    """Whether the function is loaded; raise Broken where its module fails to load."""
    try:
        url = f"http://{address}/robots.txt"
        status = urllib3.request("GET", url, retries=False, timeout=urllib3.Timeout(10)).status
    except urllib3.exceptions.HTTPError:
        return False
    if status >= 500:
        raise Broken(f"answers {status}")
    return status == LOADED


def pubsub_answers(address: str) -> bool:
    """Whether it lists its topics."""
    with grpc.insecure_channel(address) as channel:
        client = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        return _succeeds(
            lambda: client.list_topics(project=f"projects/{names.PROJECT}", retry=None, timeout=PROBE_SECONDS)
        )


def cloud_run_answers(address: str) -> bool:
    """Whether it lists its jobs."""
    with grpc.insecure_channel(address) as channel:
        client = run_v2.JobsClient(transport=JobsGrpcTransport(channel=channel))
        return _succeeds(lambda: client.list_jobs(parent=names.PARENT, retry=None, timeout=PROBE_SECONDS))


def firestore_answers(address: str) -> bool:
    """Whether the emulator says it is there."""
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


PROBES: Mapping[Answer, Callable[[str], bool]] = {
    "function": function_answers,
    "pubsub": pubsub_answers,
    "cloud_run": cloud_run_answers,
    "firestore": firestore_answers,
    "process": lambda _: True,
}
