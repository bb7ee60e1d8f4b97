"""Runs one local stack: starts every service, reports ready when all answer, restarts what dies, stops all in order."""

import json
import logging
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import msgspec

from interlock.bootstrap import load_routes
from interlock.config import ConfigurationError
from interlock_local.stack import names
from interlock_local.stack.environment import shell_environment
from interlock_local.stack.errors import ServiceFailed, StackError
from interlock_local.stack.plan import StackPlan
from interlock_local.stack.ports import refuse_taken
from interlock_local.stack.process_supervisor import ProcessSupervisor
from interlock_local.stack.readiness import PROBES, ServiceBroken
from interlock_local.stack.services import directories, jobs_document, services
from interlock_local.stack.state import StackRecord, clear_leftovers, locked, own_identity, write_record
from interlock_local.stack.topology import ensure_topology

START_SECONDS = 60.0
RESTART_POLL_SECONDS = 0.2
PROBE_POLL_SECONDS = 0.1
LEFTOVER_PORTS_SECONDS = 5.0
LOG_TAIL_LINES = 15

log = logging.getLogger("interlock_local.stack.supervisor")


class StackSupervisor:
    """One stack. `run` returns when `stop` was called, from a signal handler or another thread."""

    def __init__(self, plan: StackPlan) -> None:
        self.plan = plan
        self._stopping = threading.Event()
        self._processes = [ProcessSupervisor(service, plan.log(service.name)) for service in services(plan, os.environ)]
        environment = shell_environment(plan)
        self._record = StackRecord(supervisor=own_identity(), ready=False, ports=plan.ports, environment=environment)

    def stop(self) -> None:
        """Ask the stack to stop; it is safe in a signal handler."""
        self._stopping.set()

    def run(self, on_ready: Callable[[StackRecord], None]) -> None:
        """Run the stack until it is asked to stop; raise StackError if it cannot start."""
        with locked(self.plan.state):
            had_leftovers = clear_leftovers(self.plan.state)
            refuse_taken(self._needed_ports(), seconds=LEFTOVER_PORTS_SECONDS if had_leftovers else 0.0)
            self._prepare()
            try:
                self._start()
                if not self._stopping.is_set():
                    on_ready(self._write_record(ready=True))
                self._restart_what_dies()
            finally:
                self._stop_services()
                self._write_record(ready=False)

    def _needed_ports(self) -> dict[str, int]:
        running = {process.service.name for process in self._processes}
        return {service: port for service, port in self.plan.ports.items() if service in running}

    def _prepare(self) -> None:
        for directory in directories(self.plan):
            directory.mkdir(parents=True, exist_ok=True)
        try:
            routes = load_routes(str(self.plan.routes))
            text = self.plan.routes.read_text()
        except (ConfigurationError, OSError) as error:
            raise StackError(f"the routes cannot be used: {error}", f"correct {self.plan.routes}") from error
        self.plan.routes_copy.write_text(text)
        jobs = jobs_document(self.plan, tuple(route.job for route in routes))
        self.plan.jobs_file.write_text(json.dumps(jobs, indent=2))

    def _start(self) -> None:
        for process in self._processes:
            process.start()
        self._write_record(ready=False)
        with ThreadPoolExecutor(len(self._processes)) as pool:
            for _ in pool.map(self._wait_until_ready, self._processes):
                pass
        if not self._stopping.is_set():
            ensure_topology(self.plan)

    def _wait_until_ready(self, process: ProcessSupervisor) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._stopping.is_set():
            if not process.is_running:
                raise self._failed(process, "ended while it started")
            if self._is_ready(process):
                return
            if time.monotonic() > deadline:
                raise self._failed(process, f"did not answer within {START_SECONDS:.0f} s")
            self._stopping.wait(PROBE_POLL_SECONDS)

    def _is_ready(self, process: ProcessSupervisor) -> bool:
        service = process.service
        address = self.plan.address(service.name) if service.name in self.plan.ports else ""
        try:
            return PROBES[service.probe](address)
        except ServiceBroken as error:
            raise self._failed(process, str(error)) from error

    def _failed(self, process: ProcessSupervisor, what: str) -> ServiceFailed:
        self._stopping.set()
        log_tail = process.log_tail(LOG_TAIL_LINES)
        return ServiceFailed(f"{process.service.name} {what}", f"read {process.log_file}", log=log_tail)

    def _restart_what_dies(self) -> None:
        while not self._stopping.wait(RESTART_POLL_SECONDS):
            restarted = [process for process in self._processes if process.restart_if_dead()]
            if restarted:
                self._write_record(ready=True)

    def _stop_services(self) -> None:
        """Terminate first what starts new work, so that Pub/Sub and Cloud Run are still there to finish the old."""
        for process in self._processes:
            if process.service.name in (*names.FUNCTIONS, names.SCHEDULER):
                process.terminate()
        for process in reversed(self._processes):
            process.stop()
            log.info("%s stopped", process.service.name)

    def _write_record(self, *, ready: bool) -> StackRecord:
        identities = {process.service.name: process.identity for process in self._processes}
        running = {name: identity for name, identity in identities.items() if identity}
        self._record = msgspec.structs.replace(self._record, ready=ready, services=running)
        write_record(self.plan.state, self._record)
        return self._record
