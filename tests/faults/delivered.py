"""What a request to a function carries, by whichever way it came."""

import base64
import json


def delivered(body: bytes) -> bytes:
    """Return the data of the Pub/Sub message in the body, or the body itself where it is none."""
    document = json.loads(body)
    return base64.b64decode(document["message"].get("data", "")) if "message" in document else body
