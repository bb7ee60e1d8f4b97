"""Delivers a log entry as Eventarc does: a CloudEvent in binary mode by HTTP POST."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
import urllib3
from cloudevents.conversion import to_binary
from cloudevents.http import CloudEvent

EVENT_TYPE = "google.cloud.audit.log.v1.written"
SCHEMA = "https://googleapis.github.io/google-cloudevents/jsonschema/google/events/cloud/audit/v1/LogEntryData.json"
ACK_STATUSES = {102, 200, 201, 202, 204}
TIMEOUT = urllib3.Timeout(connect=5, read=60)


class NotAcknowledged(Exception):
    """The receiver answered, but with a status that Eventarc takes for a failure."""


class EventarcTrigger:
    """One trigger with one destination."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = urllib3.PoolManager(retries=False, timeout=TIMEOUT, maxsize=16)

    def deliver(self, entry: Mapping[str, Any]) -> None:
        """Return once the receiver has acknowledged; raise for anything else."""
        headers, body = binary_event(entry)
        response = self._http.request("POST", self._url, body=body, headers=headers)
        if response.status not in ACK_STATUSES:
            raise NotAcknowledged(f"{self._url} answered {response.status}")


def event_data(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the LogEntryData: the entry without the payload's own type, which Eventarc leaves out."""
    payload = {key: value for key, value in entry["protoPayload"].items() if key != "@type"}
    return {**entry, "protoPayload": payload}


def binary_event(entry: Mapping[str, Any]) -> tuple[dict[str, str], bytes]:
    """Return the event's headers and body; its id stays the same on redelivery."""
    payload = entry["protoPayload"]
    moment = datetime.fromisoformat(entry["timestamp"])
    microseconds = int(moment.timestamp() * 1_000_000)
    project = entry["logName"].split("/")[1]
    service = payload["serviceName"]
    attributes = {
        "type": EVENT_TYPE,
        "id": f"{entry['logName']}-{entry['insertId']}{microseconds}",
        "source": f"//cloudaudit.googleapis.com/projects/{project}/logs/system_event",
        "subject": f"{service}/{payload['resourceName']}",
        "time": entry["receiveTimestamp"],
        "recordedtime": entry["timestamp"],
        "servicename": service,
        "methodname": payload["methodName"],
        "resourcename": payload["resourceName"],
        "datacontenttype": "application/json; charset=utf-8",
        "dataschema": SCHEMA,
    }
    return to_binary(CloudEvent(attributes, event_data(entry)), data_marshaller=msgspec.json.encode)
