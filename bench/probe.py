"""Answers one event in this process and notes which modules that took: `python -m bench.probe FUNCTION SOURCE REPORT`.

The event comes as JSON on standard input; the report is a file, since gRPC writes to standard error when it likes.
"""

import json
import sys
from pathlib import Path

from functions_framework import create_app


def main() -> None:
    """Load the function as its framework does, answer, and report."""
    target, source, report = sys.argv[1:4]
    headers, body = json.load(sys.stdin)
    client = create_app(target, source, "http").test_client()
    status = client.post("/", headers={"Content-Type": "application/json", **headers}, data=body).status_code
    Path(report).write_text(json.dumps({"status": status, "modules": sorted(sys.modules)}))


if __name__ == "__main__":
    main()
