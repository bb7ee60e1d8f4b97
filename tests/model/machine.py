"""Random lives of the whole system: every step something happens to it, after every step the rules must hold.

A life is lived mostly in one lane, by few releases; and while a worker is at work, at any of its effects, it may die,
be told of a failure, or stand still while others go on: that is where exactly-once systems break.
"""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.model.cloud_run import Answer, End, Execution
from tests.model.faults import crash, fail
from tests.model.pubsub import REQUESTS, Held
from tests.model.rules import check, check_quiet
from tests.model.world import World

MODES = ("fifo", "newest", "parallel", "reject")
PICK = st.integers(0, 1000)
BOUNDARY = st.integers(0, 9)
ANSWERS = st.lists(st.sampled_from(Answer), max_size=3)
LAG = st.sampled_from([0, 0, 30, 50, 90, 3600])
LONGEST_QUIET, MOST_OPEN = 80, 4


class Meanwhile(StrEnum):
    """What befalls a worker in the middle of its work, or what others do while it stands still."""

    CRASH = "it crashes"
    FAIL = "the port fails"
    DELIVER = "another message is delivered"
    DELIVER_LATER = "its lease ends, and another message is delivered"
    RECONCILE = "reconcile runs"
    RECONCILE_LATER = "its lease ends, and reconcile runs and all is delivered"
    BEGIN = "agents come up"
    FINISH = "an execution ends, and its entry is delivered"
    CANCEL = "somebody cancels"


class Life(RuleBasedStateMachine):
    """Publishers, workers that die or stall, executions that end in any way, and time."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.bodies: list[dict[str, Any]] = []
        self.home = MODES[0]

    @initialize(home=st.sampled_from(MODES))
    def settle_in_a_lane(self, home: str) -> None:
        self.home = home

    @precondition(lambda self: len(self._open_releases()) < MOST_OPEN)
    @rule(is_task=st.booleans(), patience=st.sampled_from([None, None, None, 30, 100]))
    def publish(self, is_task: bool, patience: int | None = None, env: str | None = None) -> None:
        release_id = f"r{len(self.bodies)}"
        what = {"task": "clean"} if is_task else {"release_version": "1", "artifact_path": "gs://artifacts/web.zip"}
        script = {} if is_task else {"deployment_script": "run.sh"}
        body: dict[str, Any] = {"release_id": release_id, "target_env": env or self.home, **what, **script}
        if patience is not None:
            body["not_after"] = (self.world.clock() + timedelta(seconds=patience)).isoformat()
        self.bodies.append(body)
        self.world.publish(body)

    @precondition(lambda self: len(self._open_releases()) < MOST_OPEN)
    @rule(is_task=st.booleans(), env=st.sampled_from([None, None, *MODES]), answers=ANSWERS, lag=LAG)
    def publish_and_deliver(
        self, is_task: bool, env: str | None, answers: list[Answer] | None = None, lag: int | None = None
    ) -> None:
        if answers is not None and lag is not None:
            self.next_starts(answers, lag)
        self.publish(is_task, env=env)
        self.world.deliver(self.world.pubsub.held[-1])

    @precondition(lambda self: self.bodies)
    @rule(pick=PICK, is_other=st.sampled_from([False, False, True]))
    def publish_again(self, pick: int, is_other: bool) -> None:
        body = self.bodies[pick % len(self.bodies)]
        self.world.publish({**body, "params": {"OTHER": True}} if is_other else body)
        self.world.deliver(self.world.pubsub.held[-1])

    @precondition(lambda self: self.bodies)
    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        self.world.cancel(self.bodies[pick % len(self.bodies)]["release_id"])

    @precondition(lambda self: self.world.pubsub.held)
    @rule(pick=PICK)
    def deliver(self, pick: int) -> None:
        self.world.deliver(self._held(pick))

    @precondition(lambda self: self.world.pubsub.held)
    @rule()
    def deliver_everything(self) -> None:
        for held in tuple(self.world.pubsub.held):
            self.world.deliver(held)

    @precondition(lambda self: self.world.pubsub.held)
    @rule(pick=PICK, boundary=BOUNDARY, meanwhile=st.sampled_from(Meanwhile), other=PICK)
    def deliver_and_be_disturbed(self, pick: int, boundary: int, meanwhile: Meanwhile, other: int) -> None:
        self.world.fuse.arm(boundary, self._disturbance(meanwhile, other))
        self.world.deliver(self._held(pick))
        self.world.fuse.disarm()

    @precondition(lambda self: len(self._open_releases()) < MOST_OPEN)
    @rule(is_task=st.booleans(), boundary=BOUNDARY, meanwhile=st.sampled_from(Meanwhile), other=PICK)
    def publish_and_be_disturbed(self, is_task: bool, boundary: int, meanwhile: Meanwhile, other: int) -> None:
        self.publish(is_task)
        self.world.fuse.arm(boundary, self._disturbance(meanwhile, other))
        self.world.deliver(self.world.pubsub.held[-1])
        self.world.fuse.disarm()

    @precondition(lambda self: self.world.pubsub.acknowledged)
    @rule(pick=PICK)
    def deliver_what_was_acknowledged(self, pick: int) -> None:
        past = self.world.pubsub.acknowledged
        self.world.deliver(past[pick % len(past)])

    @precondition(lambda self: any(self._tired()))
    @rule(pick=PICK)
    def give_a_message_up(self, pick: int) -> None:
        tired = self._tired()
        self.world.pubsub.give_up(tired[pick % len(tired)])

    @rule(answers=ANSWERS, lag=LAG)
    def next_starts(self, answers: list[Answer], lag: int) -> None:
        self.world.cloud_run.answers[:] = answers
        self.world.cloud_run.lag = timedelta(seconds=lag)

    @precondition(lambda self: self._coming_up())
    @rule(pick=PICK)
    def agent_comes_up(self, pick: int) -> None:
        coming = self._coming_up()
        self.world.cloud_run.begin(coming[pick % len(coming)])

    @precondition(lambda self: any(self.world.cloud_run.open()))
    @rule(pick=PICK, how=st.sampled_from(End), entries=st.sampled_from([0, 1, 1, 2]), is_forgotten=st.booleans())
    def execution_ends(self, pick: int, how: End, entries: int, is_forgotten: bool = False) -> None:
        running = list(self.world.cloud_run.open())
        execution = running[pick % len(running)]
        can_end = execution.runs_script or how is not End.SUCCEEDED
        if can_end:
            self.world.end(execution, how=how, entries=entries)
            execution.is_forgotten = is_forgotten and entries == 0

    @precondition(lambda self: self._coming_up())
    @rule(pick=PICK, how=st.sampled_from(End))
    def execution_runs_and_is_told(self, pick: int, how: End) -> None:
        coming = self._coming_up()
        self._finish(coming[pick % len(coming)], how)

    @rule(seconds=st.sampled_from([1, 20, 61, 61, 130, 700]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.forward(seconds=seconds)

    @rule()
    def a_minute_passes_and_everyone_works(self) -> None:
        self.world.clock.forward(seconds=61)
        self.world.reconcile()
        self.deliver_everything()

    @rule()
    def reconcile(self) -> None:
        self.world.reconcile()

    @rule(boundary=BOUNDARY, meanwhile=st.sampled_from(Meanwhile), other=PICK)
    def reconcile_and_be_disturbed(self, boundary: int, meanwhile: Meanwhile, other: int) -> None:
        self.world.clock.forward(seconds=61)
        self.world.fuse.arm(boundary, self._disturbance(meanwhile, other))
        self.world.reconcile()
        self.world.fuse.disarm()

    @invariant()
    def all_is_well(self) -> None:
        check(self.world)

    def teardown(self) -> None:
        """Let the world go quiet: no more faults, everything delivered, every execution over."""
        self.world.cloud_run.answers.clear()
        for _ in range(LONGEST_QUIET):
            if self._is_quiet():
                break
            self._settle()
        check_quiet(self.world)

    def _settle(self) -> None:
        world = self.world
        for held in tuple(world.pubsub.held):
            world.deliver(held)
            check(world)
        for execution in tuple(world.cloud_run.open()):
            if not execution.runs_script:
                world.cloud_run.begin(execution)
            check(world)
            if execution.stop_asked or not self._waits_to_be_stopped(execution):
                world.end(execution, how=End.CANCELLED if execution.stop_asked else End.SUCCEEDED)
        world.clock.forward(seconds=61)
        world.reconcile()

    def _waits_to_be_stopped(self, execution: Execution) -> bool:
        """Whether the execution runs on until somebody carries out the cancel that its release bears."""
        release = self.world.ledger.releases[execution.release_id]
        is_current = release.attempt == execution.attempt and not release.is_closed
        return execution.is_running_script and is_current and release.cancellation is not None

    def _disturbance(self, meanwhile: Meanwhile, pick: int) -> Callable[[type[Exception] | None], None]:
        match meanwhile:
            case Meanwhile.CRASH:
                return crash
            case Meanwhile.FAIL:
                return fail
            case _:
                return lambda _: self._go_on(meanwhile, pick)

    def _go_on(self, meanwhile: Meanwhile, pick: int) -> None:
        if meanwhile in (Meanwhile.DELIVER_LATER, Meanwhile.RECONCILE_LATER):
            self.world.clock.forward(seconds=61)
        match meanwhile:
            case Meanwhile.DELIVER | Meanwhile.DELIVER_LATER if self.world.pubsub.held:
                self.world.deliver(self._held(pick))
            case Meanwhile.RECONCILE | Meanwhile.RECONCILE_LATER:
                self.world.reconcile()
                if meanwhile is Meanwhile.RECONCILE_LATER:
                    self.deliver_everything()
            case Meanwhile.BEGIN:
                for execution in self._coming_up():
                    self.world.cloud_run.begin(execution)
            case Meanwhile.FINISH if running := list(self.world.cloud_run.open()):
                self._finish(running[pick % len(running)], list(End)[pick % len(End)])
            case Meanwhile.CANCEL if self.bodies:
                self.cancel(pick)
                self.world.deliver(self.world.pubsub.held[-1])
            case _:
                pass

    def _finish(self, execution: Execution, how: End) -> None:
        if not execution.runs_script:
            self.world.cloud_run.begin(execution)
        self.world.end(execution, how=how)
        self.world.deliver(self.world.pubsub.held[-1])

    def _open_releases(self) -> list[str]:
        return [one.release_id for one in self.world.ledger.releases.values() if not one.is_closed]

    def _is_quiet(self) -> bool:
        is_closed = all(one.is_closed and one.outbox.is_empty for one in self.world.ledger.releases.values())
        return is_closed and not self.world.pubsub.held and not any(self.world.cloud_run.open())

    def _held(self, pick: int) -> Held:
        held = self.world.pubsub.held
        return held[pick % len(held)]

    def _coming_up(self) -> list[Execution]:
        return [one for one in self.world.cloud_run.open() if not one.runs_script]

    def _tired(self) -> list[Held]:
        return [one for one in self.world.pubsub.held if one.topic == REQUESTS and one.tries > 1]
