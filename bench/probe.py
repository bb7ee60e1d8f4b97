"""Answers one event in this process and tells which modules that took: `python -m bench.probe FUNCTION SOURCE`.

The event comes as JSON on standard input; the modules go to standard error, as a function's own words go to the other.
"""

import json
import sys

from functions_framework import create_app


def main() -> None:
    """Load the function as its framework does, answer, and tell."""
    target, source = sys.argv[1:3]
    headers, body = json.load(sys.stdin)
    client = create_app(target, source, "http").test_client()
    status = client.post("/", headers={"Content-Type": "application/json", **headers}, data=body).status_code
    json.dump({"status": status, "modules": sorted(sys.modules)}, sys.stderr)


if __name__ == "__main__":
    main()
