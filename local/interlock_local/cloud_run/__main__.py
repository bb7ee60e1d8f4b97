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

from interlock_local.audit_log import pending_deliveries
from interlock_local.audit_log.delivery_worker import DeliveryWorker
from interlock_local.audit_log.eventarc import EventarcTrigger
from interlock_local.audit_log.pending_deliveries import Destination, PendingDelivery
from interlock_local.audit_log.sink import LogSink
from interlock_local.cloud_run import execution_store
from interlock_local.cloud_run.api import CloudRunApi
from interlock_local.cloud_run.audit_entry import completion_entry
from interlock_local.cloud_run.execution import Execution, Outcome, outcome
from interlock_local.cloud_run.execution_store import Database
from interlock_local.cloud_run.jobs_file import JobsFile, read_jobs
from interlock_local.cloud_run.runner import DeliveriesOf, Runner, RunnerLimits
from interlock_local.cloud_run.server import bind

PASSED_ON = ("PATH", "HOME", "LANG", "STORAGE_EMULATOR_HOST")
LAST_DELIVERIES_SECONDS = 5
STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
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


def deliveries_of_jobs(jobs: JobsFile) -> DeliveriesOf:
    """Return what makes an execution's completion entry, once for each destination that the jobs file names."""
    targets = {Destination.EVENTARC: jobs.deliver.eventarc_url, Destination.SINK: jobs.deliver.sink_topic}
    destinations = [destination for destination, target in targets.items() if target]

    def deliveries_of(execution: Execution) -> list[PendingDelivery]:
        job = execution.job.rpartition("/")[2]
        if outcome(execution) is Outcome.CANCELLED and jobs.is_silent_on_cancel(job):
            return []
        entry = completion_entry(execution, project_number=jobs.project_number)
        return [PendingDelivery(destination, entry) for destination in destinations]

    return deliveries_of


def delivery_workers(jobs: JobsFile, database: Database) -> list[DeliveryWorker]:
    """Return a worker for each destination that the jobs file names."""
    workers = []
    if jobs.deliver.eventarc_url:
        trigger = EventarcTrigger(jobs.deliver.eventarc_url)
        workers.append(DeliveryWorker(Destination.EVENTARC, database.transaction, deliver=trigger.deliver))
    if jobs.deliver.sink_topic:
        sink = LogSink(jobs.deliver.sink_topic)
        workers.append(DeliveryWorker(Destination.SINK, database.transaction, deliver=sink.deliver))
    return workers


def lock_state(state: Path) -> TextIO:
    """Lock the state directory for this process; two servers on one directory would start every task twice."""
    state.mkdir(parents=True, exist_ok=True)
    lock = (state / "server.lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return lock


def serve(options: argparse.Namespace, state: Path) -> None:
    """Serve until SIGTERM or SIGINT."""
    jobs = read_jobs(options.jobs)
    database = Database(state / "cloud_run.db", execution_store.TABLES, pending_deliveries.TABLES)
    limits = RunnerLimits(options.processes, options.grace)
    base_env = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    runner = Runner(state, database, deliveries_of=deliveries_of_jobs(jobs), base_env=base_env, limits=limits)
    server = bind(CloudRunApi(jobs, database, runner=runner), address=f"127.0.0.1:{options.port}")
    workers = delivery_workers(jobs, database)
    runner.resume()
    server.start()
    for worker in workers:
        worker.start()
    signal.sigwait(STOP_SIGNALS)
    server.stop(grace=1).wait()
    if options.stop_tasks_on_exit:
        runner.stop(seconds=limits.grace_seconds + 2)
    for worker in workers:
        worker.stop(seconds=LAST_DELIVERIES_SECONDS)
    database.close()


def main() -> None:
    """Parse the command line and serve; an obstacle becomes one line on standard error."""
    options = parse()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    state = options.state.resolve()
    try:
        with lock_state(state):
            serve(options, state)
    except BlockingIOError:
        sys.exit(f"{state} is in use by another server")
    except (OSError, RuntimeError, msgspec.MsgspecError) as error:
        sys.exit(f"cannot serve with {options.jobs} on port {options.port}: {error}")


if __name__ == "__main__":
    main()
