"""Cloud Run jobs on one machine: `python -m interlock_local.cloud_run --port N --state DIR --jobs FILE`."""

import argparse
import fcntl
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import msgspec

from interlock_local.audit_log import outbox
from interlock_local.audit_log.courier import Courier
from interlock_local.audit_log.entry import completion_entry
from interlock_local.audit_log.eventarc import EventarcRoute
from interlock_local.audit_log.outbox import Letter, Route
from interlock_local.audit_log.sink import SinkRoute
from interlock_local.cloud_run import records
from interlock_local.cloud_run.execution import Execution, Outcome, outcome
from interlock_local.cloud_run.jobs import JobsFile, read_jobs
from interlock_local.cloud_run.records import Database
from interlock_local.cloud_run.runner import Announce, Limits, Runner
from interlock_local.cloud_run.server import bind
from interlock_local.cloud_run.service import CloudRun

PASSED_ON = ("PATH", "HOME", "LANG", "STORAGE_EMULATOR_HOST")
DELIVERY_SECONDS = 5
STOPS = {signal.SIGTERM, signal.SIGINT}


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(prog="python -m interlock_local.cloud_run", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="where to answer on 127.0.0.1")
    parser.add_argument("--state", type=Path, required=True, help="directory that all state lives in")
    parser.add_argument("--jobs", type=Path, required=True, help="JSON file that names the jobs")
    parser.add_argument("--processes", type=int, default=8, help="tasks that run at once (default: 8)")
    parser.add_argument("--grace", type=float, default=10, help="seconds from SIGTERM to SIGKILL (default: 10)")
    parser.add_argument(
        "--stop-tasks-on-exit",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="on SIGTERM, end the tasks too (default: yes)",
    )
    return parser.parse_args(arguments)


def announcer(jobs: JobsFile) -> Announce:
    """What a completed execution has to tell, one letter for each route that is set."""
    wanted = {Route.EVENTARC: jobs.deliver.eventarc_url, Route.SINK: jobs.deliver.sink_topic}
    routes = [route for route, target in wanted.items() if target]

    def announce(execution: Execution) -> list[Letter]:
        job = execution.job.rpartition("/")[2]
        if outcome(execution) is Outcome.CANCELLED and jobs.is_silent_on_cancel(job):
            return []
        entry = completion_entry(execution, project_number=jobs.project_number)
        return [Letter(route, entry) for route in routes]

    return announce


def couriers(jobs: JobsFile, database: Database) -> list[Courier]:
    """One for each route that is set."""
    found = []
    if jobs.deliver.eventarc_url:
        eventarc = EventarcRoute(jobs.deliver.eventarc_url)
        found.append(Courier(Route.EVENTARC, database.transaction, deliver=eventarc.deliver))
    if jobs.deliver.sink_topic:
        sink = SinkRoute(jobs.deliver.sink_topic)
        found.append(Courier(Route.SINK, database.transaction, deliver=sink.deliver))
    return found


def hold(state: Path) -> TextIO:
    """Takes the state directory for this process alone; two servers on one would start everything twice."""
    state.mkdir(parents=True, exist_ok=True)
    lock = (state / "server.lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return lock


def serve(options: argparse.Namespace, state: Path) -> None:
    """Serves until SIGTERM or SIGINT."""
    jobs = read_jobs(options.jobs)
    database = Database(state / "cloud_run.db", records.TABLES, outbox.TABLES)
    limits = Limits(options.processes, options.grace)
    base_env = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    runner = Runner(state, database, announce=announcer(jobs), base_env=base_env, limits=limits)
    server = bind(CloudRun(jobs, database, runner=runner), address=f"127.0.0.1:{options.port}")
    carrying = couriers(jobs, database)
    runner.resume()
    server.start()
    for courier in carrying:
        courier.start()
    signal.sigwait(STOPS)
    server.stop(grace=1).wait()
    if options.stop_tasks_on_exit:
        runner.stop(seconds=limits.grace_seconds + 2)
    for courier in carrying:
        courier.stop(seconds=DELIVERY_SECONDS)
    database.close()


def main() -> None:
    """Reads the command line and serves; what stands in the way is told in one line."""
    options = parse()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    state = options.state.resolve()
    try:
        with hold(state):
            serve(options, state)
    except BlockingIOError:
        sys.exit(f"{state} is in use by another server")
    except (OSError, RuntimeError, msgspec.MsgspecError) as error:
        sys.exit(f"cannot serve with {options.jobs} on port {options.port}: {error}")


if __name__ == "__main__":
    main()
