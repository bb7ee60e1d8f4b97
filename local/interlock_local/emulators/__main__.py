"""Runs one of Google's emulators for the stack: `python -m interlock_local.emulators --kind K --port N --state DIR`."""

import argparse
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from interlock_local.emulators.google_emulators import EmulatorFailed, EmulatorMissing, GoogleEmulator

STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m interlock_local.emulators", description=__doc__)
    parser.add_argument("--kind", choices=["pubsub", "firestore"], required=True, help="which emulator")
    parser.add_argument("--port", type=int, required=True, help="where it answers on 127.0.0.1")
    parser.add_argument("--state", type=Path, required=True, help="directory of its log")
    return parser.parse_args(arguments)


def main() -> None:
    """Run the emulator until SIGTERM or SIGINT; it ends with this process."""
    options = parse()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        with GoogleEmulator(options.kind, options.state, port=options.port):
            signal.pause()
    except (EmulatorMissing, EmulatorFailed) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
