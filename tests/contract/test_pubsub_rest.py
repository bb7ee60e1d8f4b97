"""Google's REST form on the same port; ours and Google's emulator pass the same suite."""

import base64
import os
import shutil
import subprocess
from typing import Any

import pytest
import urllib3
from google import pubsub_v1
from google.auth.credentials import AnonymousCredentials

from tests.contract.pubsub_client import PubSub, payloads
from tests.contract.pubsub_servers import PROJECT


class TestRest:
    def test_a_plain_post_publishes(self, pubsub: PubSub) -> None:
        topic = pubsub.topic()
        subscription = pubsub.subscription(topic)
        body = {"messages": [{"data": base64.b64encode(b"plain").decode(), "attributes": {"target": "staging"}}]}
        answer = urllib3.request("POST", f"http://{pubsub.address}/v1/{topic}:publish", json=body)
        [received] = pubsub.pull(subscription)
        assert answer.status == 200
        assert answer.json() == {"messageIds": [received.message.message_id]}
        assert (received.message.data, dict(received.message.attributes)) == (b"plain", {"target": "staging"})

    def test_googles_client_speaks_rest_to_the_same_port(self, pubsub: PubSub) -> None:
        topic = pubsub.topic()
        subscription = pubsub.subscription(topic)
        options = {"api_endpoint": f"http://{pubsub.address}"}
        with pubsub_v1.PublisherClient(
            transport="rest", credentials=AnonymousCredentials(), client_options=options
        ) as client:
            client.publish(topic=topic, messages=[pubsub_v1.PubsubMessage(data=b"rest")])
            assert topic in [each.name for each in client.list_topics(project=f"projects/{PROJECT}")]
        assert payloads(pubsub.pull(subscription)) == [b"rest"]

    @pytest.mark.parametrize(
        ("verb", "resource", "body", "status", "word"),
        [
            ("GET", "topics/no-such", None, 404, "NOT_FOUND"),
            ("POST", "topics/no-such:publish", {"messages": [{"data": "eA=="}]}, 404, "NOT_FOUND"),
            ("PUT", "topics/1", {}, 400, "INVALID_ARGUMENT"),
            ("POST", "topics/no-such:publish", {"mess": 1}, 400, "INVALID_ARGUMENT"),
        ],
    )
    def test_a_refusal_gives_its_reason(
        self, pubsub: PubSub, verb: str, resource: str, body: object, status: int, word: str
    ) -> None:
        url = f"http://{pubsub.address}/v1/projects/{PROJECT}/{resource}"
        answer = urllib3.request(verb, url, json=body) if body is not None else urllib3.request(verb, url)
        error = answer.json()["error"]
        assert (answer.status, error["code"], error["status"]) == (status, status, word)

    def test_gcloud_publishes(self, pubsub: PubSub, tmp_path: Any) -> None:
        if shutil.which("gcloud") is None:
            pytest.skip("gcloud is not installed")
        topic = pubsub.topic()
        subscription = pubsub.subscription(topic)
        environment = {
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB": f"http://{pubsub.address}/",
            "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
            "CLOUDSDK_CONFIG": str(tmp_path),
            "CLOUDSDK_CORE_PROJECT": PROJECT,
        }
        command = [
            "gcloud",
            "pubsub",
            "topics",
            "publish",
            topic,
            "--message=from gcloud",
            "--attribute=target=staging",
        ]
        done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        [received] = pubsub.pull(subscription)
        assert (received.message.data, received.message.attributes["target"]) == (b"from gcloud", "staging")
        assert received.message.message_id in done.stdout
