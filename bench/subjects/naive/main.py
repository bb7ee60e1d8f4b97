"""A dispatcher as samples write it: clients made in the handler, the schema read and compiled for every message."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import grpc
import jsonschema
from google.cloud import firestore, pubsub_v1, run_v2
from google.cloud.run_v2.services.jobs.transports import JobsGrpcTransport

_SCHEMA = Path(os.environ["BENCH_SCHEMA"])


def naive(request: Any) -> tuple[str, int]:
    """Validate, note the release, start the job, tell; no lanes, no fence, nothing told twice."""
    message = json.loads(base64.b64decode(request.get_json()["message"]["data"]))
    jsonschema.validate(message, json.loads(_SCHEMA.read_text()))
    releases = firestore.Client(project="bench", database="naive").collection("releases")
    channel = grpc.insecure_channel(os.environ["INTERLOCK_RUN_ENDPOINT"])
    jobs = run_v2.JobsClient(transport=JobsGrpcTransport(channel=channel))
    releases.document(message["release_id"]).get()
    releases.document(message["release_id"]).set({"state": "starting", "request": message})
    variables = [run_v2.EnvVar(name="INTERLOCK_RELEASE_ID", value=message["release_id"])]
    box = run_v2.RunJobRequest.Overrides.ContainerOverride(env=variables)
    overrides = run_v2.RunJobRequest.Overrides(container_overrides=[box])
    name = "projects/bench/locations/local/jobs/release-agent"
    jobs.run_job(request=run_v2.RunJobRequest(name=name, overrides=overrides))
    releases.document(message["release_id"]).set({"state": "started", "request": message})
    publisher = pubsub_v1.PublisherClient()
    publisher.publish(os.environ["INTERLOCK_STATUS_TOPIC"], b"started", release_id=message["release_id"]).result(30)
    publisher.stop()
    channel.close()
    return "", 204
