"""Cloud Scheduler on one machine: `python -m interlock_local.scheduler --url URL --every SECONDS` posts for ever."""

import argparse
import logging
import signal
import threading
from collections.abc import Sequence
from datetime import UTC, datetime

import urllib3

TIMEOUT_SECONDS = 60.0
JOB_NAME = "reconcile-releases"

log = logging.getLogger("interlock_local.scheduler")


def headers(*, now: datetime) -> dict[str, str]:
    """Return the headers that Cloud Scheduler sends."""
    return {
        "user-agent": "Google-Cloud-Scheduler",
        "content-type": "application/octet-stream",
        "x-cloudscheduler": "true",
        "x-cloudscheduler-jobname": JOB_NAME,
        "x-cloudscheduler-scheduletime": now.isoformat(timespec="seconds"),
    }


def tick(http: urllib3.PoolManager, url: str) -> bool:
    """Post once; return whether it was answered with success. A failure is only logged, as the next tick follows."""
    try:
        response = http.request("POST", url, body=b"", headers=headers(now=datetime.now(UTC)))
    except urllib3.exceptions.HTTPError as error:
        log.warning("tick failed: %s", error)
        return False
    if response.status >= 300:
        log.warning("tick failed: %s answered %d", url, response.status)
    return response.status < 300


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m interlock_local.scheduler", description=__doc__)
    parser.add_argument("--url", required=True, help="what to post to")
    parser.add_argument("--every", type=float, default=60.0, help="seconds between ticks (default: 60)")
    return parser.parse_args(arguments)


def main() -> None:
    """Post until SIGTERM or SIGINT."""
    options = parse()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    http = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(TIMEOUT_SECONDS))
    while not stopping.wait(options.every):
        tick(http, options.url)


if __name__ == "__main__":
    main()
