"""Pub/Sub on one machine: `python -m interlock_local.pubsub --port N --state DIR`, gRPC and REST on the same port."""

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from interlock_local.pubsub.server import PortTaken, serve


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m interlock_local.pubsub", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="where to answer on 127.0.0.1")
    parser.add_argument("--state", type=Path, required=True, help="directory that all state lives in")
    parser.add_argument("--project", help="the only project there is (default: any)")
    return parser.parse_args(arguments)


async def run(options: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    options.state.mkdir(parents=True, exist_ok=True)
    await serve(options.state, port=options.port, project=options.project, stopping=stopping)


def main() -> None:
    """Run the server as a process."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        asyncio.run(run(parse()))
    except PortTaken as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
