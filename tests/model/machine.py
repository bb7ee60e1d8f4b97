"""Random lives of the whole system: every step something happens to it, after every step the rules must hold."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.model.cloud_run import Answer, End, Execution
from tests.model.faults import crash, fail
from tests.model.pubsub import REQUESTS, Held
from tests.model.rules import check, check_quiet
from tests.model.world import World

TARGETS = st.sampled_from(["fifo", "fifo", "newest", "newest", "parallel", "reject"])
PICK = st.integers(0, 1000)
BOUNDARY = st.one_of(st.none(), st.none(), st.integers(0, 9))
LONGEST_QUIET, MOST_OPEN = 80, 5


class Life(RuleBasedStateMachine):
    """Publishers, workers that die, executions that end in any way, and time."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.bodies: list[dict[str, Any]] = []

    @precondition(lambda self: sum(not one.is_closed for one in self.world.ledger.releases.values()) < MOST_OPEN)
    @rule(env=TARGETS, is_task=st.booleans(), patience=st.sampled_from([None, None, None, 30, 100]))
    def publish(self, env: str, is_task: bool, patience: int | None) -> None:
        release_id = f"r{len(self.bodies)}"
        what = {"task": "clean"} if is_task else {"release_version": "1", "artifact_path": "gs://artifacts/web.zip"}
        script = {} if is_task else {"deployment_script": "run.sh"}
        body: dict[str, Any] = {"release_id": release_id, "target_env": env, **what, **script}
        if patience is not None:
            body["not_after"] = (self.world.clock() + timedelta(seconds=patience)).isoformat()
        self.bodies.append(body)
        self.world.publish(body)

    @precondition(lambda self: sum(not one.is_closed for one in self.world.ledger.releases.values()) < MOST_OPEN)
    @rule(env=TARGETS, is_task=st.booleans())
    def publish_and_deliver(self, env: str, is_task: bool) -> None:
        self.publish(env, is_task, None)
        self.world.deliver(self.world.pubsub.held[-1])

    @precondition(lambda self: self.bodies)
    @rule(pick=PICK, is_other=st.sampled_from([False, False, True]))
    def publish_again(self, pick: int, is_other: bool) -> None:
        body = self.bodies[pick % len(self.bodies)]
        self.world.publish({**body, "params": {"OTHER": True}} if is_other else body)

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
    @rule(pick=PICK, boundary=st.integers(0, 9), how=st.sampled_from([crash, crash, fail]))
    def deliver_and_lose_the_worker(self, pick: int, boundary: int, how: Callable[..., None]) -> None:
        self.world.fuse.arm(boundary, how)
        self.world.deliver(self._held(pick))
        self.world.fuse.disarm()

    @precondition(lambda self: self.world.pubsub.held)
    @rule(pick=PICK, other=PICK, boundary=st.integers(0, 9))
    def deliver_two_at_once(self, pick: int, other: int, boundary: int) -> None:
        inner = self._held(other)
        self.world.fuse.arm(boundary, lambda _: self.world.deliver(inner))
        self.world.deliver(self._held(pick))
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

    @rule(answers=st.lists(st.sampled_from(Answer), max_size=3), lag=st.sampled_from([0, 0, 30, 50]))
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
    def execution_ends(self, pick: int, how: End, entries: int, is_forgotten: bool) -> None:
        running = list(self.world.cloud_run.open())
        execution = running[pick % len(running)]
        can_end = execution.runs_script or how is not End.SUCCEEDED
        if can_end:
            self.world.end(execution, how=how, entries=entries)
            execution.is_forgotten = is_forgotten and entries == 0

    @rule(seconds=st.sampled_from([1, 20, 61, 61, 130, 700]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.forward(seconds=seconds)

    @rule()
    def a_minute_passes_and_everyone_works(self) -> None:
        self.world.clock.forward(seconds=61)
        self.world.reconcile()
        self.deliver_everything()

    @rule(boundary=BOUNDARY, how=st.sampled_from([crash, fail]))
    def reconcile(self, boundary: int | None, how: Callable[..., None]) -> None:
        if boundary is not None:
            self.world.fuse.arm(boundary, how)
        self.world.reconcile()
        self.world.fuse.disarm()

    @rule(boundary=st.integers(0, 9))
    def reconcile_twice_at_once(self, boundary: int) -> None:
        self.world.fuse.arm(boundary, lambda _: self.world.reconcile())
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
            world.end(execution, how=End.CANCELLED if execution.stop_asked else End.SUCCEEDED)
        world.clock.forward(seconds=61)
        world.reconcile()

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
