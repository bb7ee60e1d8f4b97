"""Random lives of the whole system: every step something happens to it, after every step the rules must hold.

A life is lived mostly in one lane, by few releases; and while a worker is at work, at any of its effects, it may die,
be told of a failure, or stand still while others go on: that is where exactly-once systems break.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from interlock.domain.releases.model import State
from tests.model.cloud_run import Answer, End, Execution
from tests.model.faults import crash, fail
from tests.model.pubsub import COMPLETIONS, REQUESTS, Held
from tests.model.rules import check, check_quiet
from tests.model.world import World

MODES = ("fifo", "newest", "parallel", "reject")
ELSEWHERE = st.sampled_from([None, None, *MODES])
PICK = st.integers(0, 1000)
ANSWERS = st.lists(st.sampled_from(Answer), max_size=3)
LAG = st.sampled_from([0, 0, 30, 50, 90, 3600])
LONGEST_QUIET, MOST_OPEN = 80, 4


class Meanwhile(StrEnum):
    """What befalls a worker in the middle of its work, or what others do while it stands still."""

    NOTHING = "nothing"
    CRASH = "it crashes"
    FAIL = "the port fails"
    DELIVER = "another message is delivered"
    DELIVER_LATER = "its lease ends, and another message is delivered"
    DELIVER_AND_CRASH = "another worker takes a message, and crashes"
    RECONCILE = "reconcile runs"
    RECONCILE_LATER = "its lease ends, and reconcile runs and all is delivered"
    BEGIN = "agents come up"
    FINISH = "an execution ends, and its entry is delivered"
    CANCEL = "somebody cancels"


class Disturbance(NamedTuple):
    """What happens when the worker passes which of its effects; `pick` chooses among what is there then."""

    meanwhile: Meanwhile
    boundary: int
    pick: int


UNDISTURBED = Disturbance(Meanwhile.NOTHING, 0, 0)
DISTURBANCE = st.one_of(
    st.just(UNDISTURBED), st.builds(Disturbance, st.sampled_from(Meanwhile), st.integers(0, 7), st.integers(0, 1000))
)


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

    @precondition(lambda self: len(self.world.pubsub.held) < MOST_OPEN)
    @rule(is_task=st.sampled_from([False, False, True]), patience=st.sampled_from([None, None, None, 30, 100]))
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
    @rule(is_task=st.booleans(), env=ELSEWHERE, answers=ANSWERS, lag=LAG, disturbance=DISTURBANCE)
    def publish_and_deliver(
        self, is_task: bool, env: str | None, answers: list[Answer], lag: int, disturbance: Disturbance = UNDISTURBED
    ) -> None:
        self.world.cloud_run.answers[:] = answers
        self.world.cloud_run.lag = timedelta(seconds=lag)
        self.publish(is_task, env=env)
        self._deliver(self.world.pubsub.held[-1], disturbance)

    @precondition(lambda self: self.bodies)
    @rule(pick=PICK, is_other=st.sampled_from([False, False, True]), disturbance=DISTURBANCE)
    def publish_again(self, pick: int, is_other: bool, disturbance: Disturbance) -> None:
        body = self._recent_body(pick)
        self.world.publish({**body, "params": {"OTHER": True}} if is_other else body)
        self._deliver(self.world.pubsub.held[-1], disturbance)

    @precondition(lambda self: self._open_releases())
    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        self.world.cancel(self._recent_body(pick)["release_id"])
        self.world.deliver(self.world.pubsub.held[-1])

    @precondition(lambda self: self.world.pubsub.held)
    @rule(seconds=st.sampled_from([0, 0, 61]), pick=PICK, disturbance=DISTURBANCE)
    def deliver(self, seconds: int, pick: int, disturbance: Disturbance) -> None:
        self.world.clock.forward(seconds=seconds)
        self._deliver(self._held(pick), disturbance)

    @precondition(lambda self: self.world.pubsub.acknowledged)
    @rule(pick=PICK)
    def deliver_what_was_acknowledged(self, pick: int) -> None:
        past = self.world.pubsub.acknowledged[-6:]
        self.world.deliver(past[pick % len(past)])

    @precondition(lambda self: self._failed())
    @rule(pick=PICK, disturbance=DISTURBANCE)
    def publish_what_failed_again(self, pick: int, disturbance: Disturbance) -> None:
        failed = self._failed()
        self.world.publish(failed[pick % len(failed)])
        self._deliver(self.world.pubsub.held[-1], disturbance)

    @precondition(lambda self: self._old_entries())
    @rule(pick=PICK)
    def deliver_an_old_entry(self, pick: int) -> None:
        entries = self._old_entries()
        self.world.deliver(entries[pick % len(entries)])

    @precondition(lambda self: any(self._tired()))
    @rule(pick=PICK)
    def give_a_message_up(self, pick: int) -> None:
        tired = self._tired()
        self.world.pubsub.give_up(tired[pick % len(tired)])

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

    @precondition(lambda self: self._open_releases())
    @rule(minutes=st.sampled_from([1, 1, 1, 12]))
    def time_passes_and_everyone_works(self, minutes: int) -> None:
        self.world.clock.forward(minutes=minutes, seconds=1)
        self.world.reconcile()
        self.deliver_everything()

    @precondition(lambda self: self._open_releases())
    @rule(seconds=st.sampled_from([0, 61]), disturbance=DISTURBANCE)
    def reconcile(self, seconds: int, disturbance: Disturbance) -> None:
        self.world.clock.forward(seconds=seconds)
        with self._disturbed(disturbance):
            self.world.reconcile()

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

    def _deliver(self, held: Held, disturbance: Disturbance) -> None:
        with self._disturbed(disturbance):
            self.world.deliver(held)

    @contextmanager
    def _disturbed(self, disturbance: Disturbance) -> Iterator[None]:
        meanwhile, boundary, pick = disturbance
        match meanwhile:
            case Meanwhile.NOTHING:
                pass
            case Meanwhile.CRASH:
                self.world.fuse.arm(boundary, crash)
            case Meanwhile.FAIL:
                self.world.fuse.arm(boundary, fail)
            case _:
                self.world.fuse.arm(boundary, lambda _: self._go_on(meanwhile, pick))
        yield
        self.world.fuse.disarm()

    def _go_on(self, meanwhile: Meanwhile, pick: int) -> None:
        if meanwhile in (Meanwhile.DELIVER_LATER, Meanwhile.RECONCILE_LATER):
            self.world.clock.forward(seconds=61)
        match meanwhile:
            case Meanwhile.DELIVER | Meanwhile.DELIVER_LATER if self.world.pubsub.held:
                self.world.deliver(self._held(pick))
            case Meanwhile.DELIVER_AND_CRASH if self.world.pubsub.held:
                self._deliver(self._held(pick), Disturbance(Meanwhile.CRASH, pick % 8, 0))
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

    def send(self, env: str = MODES[0], *, is_task: bool = True) -> None:
        """Publish one more release and deliver it."""
        self.publish(is_task, env=env)
        self.world.deliver(self.world.pubsub.held[-1])

    def state(self, release_id: str = "r0") -> State:
        """Return where the release stands."""
        return self.world.ledger.releases[release_id].state

    def deliver_everything(self) -> None:
        for held in tuple(self.world.pubsub.held):
            self.world.deliver(held)

    def _recent_body(self, pick: int) -> dict[str, Any]:
        recent = self.bodies[-4:]
        return recent[pick % len(recent)]

    def _held(self, pick: int) -> Held:
        held = self.world.pubsub.held
        return held[pick % len(held)]

    def _coming_up(self) -> list[Execution]:
        return [one for one in self.world.cloud_run.open() if not one.runs_script]

    def _failed(self) -> list[dict[str, Any]]:
        releases = self.world.ledger.releases
        ids = [body["release_id"] for body in self.bodies]
        states = [releases[one].state if one in releases else None for one in ids]
        return [body for body, state in zip(self.bodies, states, strict=True) if state is State.FAILED][-2:]

    def _old_entries(self) -> list[Held]:
        return [one for one in self.world.pubsub.acknowledged if one.topic == COMPLETIONS][-3:]

    def _tired(self) -> list[Held]:
        return [one for one in self.world.pubsub.held if one.topic == REQUESTS and one.tries > 1]
