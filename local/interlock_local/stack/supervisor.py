"""Runs one local stack: starts every part, says ready when all answer, keeps them alive, stops them in order."""

import json
import logging
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from interlock.bootstrap import load_routes
from interlock.config import ConfigurationError
from interlock_local.errors import PartFailed, StackError
from interlock_local.stack import names
from interlock_local.stack.environment import shell_environment
from interlock_local.stack.keeper import Keeper
from interlock_local.stack.parts import folders, jobs_document, parts
from interlock_local.stack.plan import Plan
from interlock_local.stack.ports import refuse_taken
from interlock_local.stack.readiness import PROBES, Broken
from interlock_local.stack.state import Record, clear_leftovers, held, own_mark, write_record
from interlock_local.stack.topology import ensure_topology

START_SECONDS = 60.0
LOOK_SECONDS = 0.2
PROBE_PAUSE_SECONDS = 0.1
LEFTOVER_PATIENCE_SECONDS = 5.0
LAST_WORDS = 15

log = logging.getLogger("interlock_local.stack.supervisor")


class Supervisor:
    """One stack. `run` returns when `stop` was called, from a signal handler or another thread."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._stopping = threading.Event()
        self._keepers = [Keeper(part, plan.log(part.name)) for part in parts(plan, os.environ)]
        environment = shell_environment(plan)
        self._record = Record(supervisor=own_mark(), ready=False, ports=plan.ports, environment=environment)

    def stop(self) -> None:
        """Ask it to end; safe in a signal handler."""
        self._stopping.set()

    def run(self, on_ready: Callable[[Record], None]) -> None:
        """Run the stack until it is asked to stop; raise StackError if it cannot start."""
        with held(self.plan.state):
            leftovers = clear_leftovers(self.plan.state)
            refuse_taken(self._wanted_ports(), patience=LEFTOVER_PATIENCE_SECONDS if leftovers else 0.0)
            self._prepare()
            try:
                self._start()
                if not self._stopping.is_set():
                    on_ready(self._publish(ready=True))
                self._keep()
            finally:
                self._stop_parts()
                self._publish(ready=False)

    def _wanted_ports(self) -> dict[str, int]:
        wanted = {keeper.part.name for keeper in self._keepers}
        return {part: port for part, port in self.plan.ports.items() if part in wanted}

    def _prepare(self) -> None:
        for folder in folders(self.plan):
            folder.mkdir(parents=True, exist_ok=True)
        try:
            routes = load_routes(str(self.plan.routes))
            text = self.plan.routes.read_text()
        except (ConfigurationError, OSError) as error:
            raise StackError(f"the routes cannot be used: {error}", f"correct {self.plan.routes}") from error
        self.plan.routes_copy.write_text(text)
        jobs = jobs_document(self.plan, tuple(route.job for route in routes))
        self.plan.jobs_file.write_text(json.dumps(jobs, indent=2))

    def _start(self) -> None:
        for keeper in self._keepers:
            keeper.start()
        self._publish(ready=False)
        with ThreadPoolExecutor(len(self._keepers)) as pool:
            for _ in pool.map(self._await_answer, self._keepers):
                pass
        if not self._stopping.is_set():
            ensure_topology(self.plan)

    def _await_answer(self, keeper: Keeper) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._stopping.is_set():
            if not keeper.is_running:
                raise self._failed(keeper, "ended while it started")
            if self._answers(keeper):
                return
            if time.monotonic() > deadline:
                raise self._failed(keeper, f"did not answer within {START_SECONDS:.0f} s")
            self._stopping.wait(PROBE_PAUSE_SECONDS)

    def _answers(self, keeper: Keeper) -> bool:
        part = keeper.part
        try:
            return PROBES[part.answer](self.plan.address(part.name) if part.name in self.plan.ports else "")
        except Broken as error:
            raise self._failed(keeper, str(error)) from error

    def _failed(self, keeper: Keeper, what: str) -> PartFailed:
        self._stopping.set()
        return PartFailed(f"{keeper.part.name} {what}", f"read {keeper.words}", log=keeper.last_words(LAST_WORDS))

    def _keep(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            renewed = [keeper.part.name for keeper in self._keepers if keeper.tend()]
            if renewed:
                self._publish(ready=True)

    def _stop_parts(self) -> None:
        functions = [keeper for keeper in self._keepers if keeper.part.name in (*names.FUNCTIONS, names.SCHEDULER)]
        for keeper in functions:
            keeper.ask_to_stop()
        for keeper in reversed(self._keepers):
            keeper.stop()
            log.info("%s stopped", keeper.part.name)

    def _publish(self, *, ready: bool) -> Record:
        marks = {keeper.part.name: keeper.mark for keeper in self._keepers}
        alive = {name: mark for name, mark in marks.items() if mark}
        self._record = replace(self._record, ready=ready, parts=alive)
        write_record(self.plan.state, self._record)
        return self._record
