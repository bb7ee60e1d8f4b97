"""Every decision of the machine, told as values: release, lane, event, now → release, lane, effects."""

from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

import pytest

from interlock.domain.releases.effects import (
    FindExecution,
    IdConflict,
    NoEffect,
    Redeliver,
    Republish,
    SealOwnership,
    StartExecution,
    StopExecution,
    SupersedeQueued,
    Transition,
)
from interlock.domain.releases.events import (
    Cancel,
    DeadLettered,
    Event,
    ExecutionEnded,
    ExecutionNotFound,
    RequestReceived,
    Resume,
    StartConfirmed,
    StartRefused,
    StartThrottled,
    Superseded,
)
from interlock.domain.releases.lane import Lane, Waiting
from interlock.domain.releases.model import OUTCOMES, Release, Result, State
from interlock.domain.releases.ownership import SEALED
from interlock.domain.releases.state_machine import decide
from interlock.domain.requests.routes import LaneMode, Rerun
from tests.build import JOB, LIMITS, NOW, a_context, a_release, at

EXECUTION = f"{JOB}/executions/release-agent-x7k2p"
OTHER = f"{JOB}/executions/release-agent-zzzzz"
EMPTY = Lane(key="staging/web")


def take(release: Release | None, lane: Lane | None, event: Event, now: datetime = NOW) -> Transition:
    return decide(release, lane, event, a_context(now))


def after(release: Release | None, lane: Lane | None, event: Event, now: datetime = NOW) -> tuple[Release, Lane]:
    found = take(release, lane, event, now)
    assert found.release is not None
    assert found.lane is not None
    return found.release, found.lane


def starting(release_id: str = "web-1", **changes: Any) -> tuple[Release, Lane]:
    return after(None, EMPTY, RequestReceived(a_release(release_id, **changes)))


def started(release_id: str = "web-1", **changes: Any) -> tuple[Release, Lane]:
    release, lane = starting(release_id, **changes)
    return after(release, lane, StartConfirmed(release.fencing_token, EXECUTION, None))


def queued(release_id: str = "web-2", *, published: float = 1, **changes: Any) -> tuple[Release, Lane]:
    _, lane = started()
    return after(None, lane, RequestReceived(a_release(release_id, published=published, **changes)))


def ended(state: State = State.SUCCEEDED, **changes: Any) -> ExecutionEnded:
    facts: dict[str, Any] = {
        "execution": EXECUTION,
        "attempt": 1,
        "fencing_token": 1,
        "state": state,
        "result": Result(),
        "owner": None,
    }
    return ExecutionEnded(release_id="web-1", **{**facts, **changes})


def closed(state: State = State.SUCCEEDED, **changes: Any) -> tuple[Release, Lane]:
    release, lane = started(**changes)
    return after(release, lane, ended(state))


def told(release: Release | None) -> list[State]:
    assert release is not None
    return [event.state for event in release.outbox.events]


class TestSubmit:
    def test_a_release_claims_a_free_lane_under_the_first_fence(self) -> None:
        found = take(None, EMPTY, RequestReceived(a_release()))
        assert found.effects == (StartExecution(),)
        assert found.release is not None
        assert (found.release.state, found.release.fencing_token, found.release.lease_until) == (
            State.STARTING,
            1,
            at(60),
        )
        assert found.lane == replace(EMPTY, holders=("web-1",))

    def test_a_claim_is_not_told_before_the_execution_exists(self) -> None:
        release, _ = starting()
        assert told(release) == []
        assert release.public_state is State.QUEUED

    def test_a_release_waits_for_a_held_lane_and_is_told_its_place(self) -> None:
        release, lane = queued()
        assert release.state is State.QUEUED
        assert release.outbox.events[-1].data["position"] == 1
        assert lane.holders == ("web-1",)

    def test_an_older_release_that_arrives_later_goes_before_the_younger(self) -> None:
        _, lane = queued("young", published=9)
        release, lane = after(None, lane, RequestReceived(a_release("old", published=3)))
        assert [entry.release_id for entry in lane.queue] == ["old", "young"]
        assert release.outbox.events[-1].data["position"] == 1

    def test_a_free_lane_with_waiters_is_no_short_cut(self) -> None:
        lane = Lane(key=EMPTY.key, queue=(Waiting(at(1), "first", True),))
        release, _ = after(None, lane, RequestReceived(a_release("late", published=2)))
        assert release.state is State.QUEUED
        assert release.outbox.resumes == ("first",)

    def test_a_full_queue_rejects(self) -> None:
        _, lane = queued()
        release, left = after(None, lane, RequestReceived(a_release("web-3", plan={"max_queue": 1})))
        assert (release.state, release.result.reason) == (State.REJECTED, "queue_full")
        assert left == lane

    def test_a_busy_lane_rejects_where_the_route_says_so(self) -> None:
        _, lane = started()
        release, _ = after(None, lane, RequestReceived(a_release("web-2", plan={"lane_mode": LaneMode.REJECT})))
        assert (release.state, release.result.reason) == (State.REJECTED, "lane_busy")
        assert release.outbox.dead_letter is None

    def test_a_parallel_lane_starts_up_to_its_capacity(self) -> None:
        plan = {"lane_mode": LaneMode.PARALLEL, "capacity": 2}
        _, lane = starting("one", plan=plan)
        two, lane = after(None, lane, RequestReceived(a_release("two", plan=plan)))
        three, lane = after(None, lane, RequestReceived(a_release("three", plan=plan)))
        assert (two.state, three.state) == (State.STARTING, State.QUEUED)
        assert lane.holders == ("one", "two")

    def test_a_request_past_its_not_after_expires_unstarted(self) -> None:
        found = take(None, EMPTY, RequestReceived(a_release(not_after=at(-1))))
        assert told(found.release) == [State.EXPIRED]
        assert found.effects == ()

    def test_a_rejected_candidate_is_told_and_due_as_a_dead_letter(self) -> None:
        candidate = a_release(state=State.REJECTED, result=Result(reason="schema", detail="bad"))
        found = take(None, None, RequestReceived(replace(candidate, plan=None)))
        assert told(found.release) == [State.REJECTED]
        assert found.release is not None
        assert found.release.outbox.dead_letter is not None
        assert found.release.outbox.dead_letter.reason == "schema"

    def test_a_redelivery_while_the_claim_stands_comes_back_later(self) -> None:
        release, lane = starting()
        found = take(release, lane, RequestReceived(a_release()), at(59))
        assert found.effects == (Redeliver("claim_held"),)
        assert found.release is release

    def test_a_redelivery_after_the_lease_takes_over_under_the_next_fence(self) -> None:
        release, lane = starting()
        found = take(release, lane, RequestReceived(a_release()), at(60))
        assert found.effects == (StartExecution(take_over=True),)
        assert found.release is not None
        assert (found.release.fencing_token, found.release.lease_until) == (2, at(120))

    def test_a_redelivery_of_a_closed_release_is_quiet(self) -> None:
        release, lane = closed(State.FAILED)
        found = take(release, lane, RequestReceived(a_release()))
        assert found.effects == (NoEffect("already_closed"),)

    def test_a_duplicate_is_told_what_is_true_and_starts_nothing(self) -> None:
        release, lane = started()
        found = take(release, lane, RequestReceived(a_release(message_id="m-again")))
        assert found.effects == (Republish(), NoEffect("already_started"))
        assert found.release is not None
        assert "m-again" in found.release.message_ids

    def test_another_request_under_the_same_id_is_a_conflict_and_changes_nothing(self) -> None:
        release, lane = started()
        found = take(release, lane, RequestReceived(a_release(message_id="m-2", payload_hash="another")))
        assert found == Transition(release, lane, (IdConflict(),))

    def test_a_bad_request_under_a_known_id_is_a_conflict_too(self) -> None:
        release, lane = started()
        candidate = replace(a_release(message_id="m-2", state=State.REJECTED), plan=None)
        assert take(release, lane, RequestReceived(candidate)).effects == (IdConflict(),)

    @pytest.mark.parametrize("state", [State.REJECTED, State.DEAD_LETTERED])
    def test_an_id_under_which_nothing_ran_is_free_for_the_mended_request(self, state: State) -> None:
        release = replace(a_release(message_id="m-bad", state=state, payload_hash="bad", sequence=1), plan=None)
        found, _ = after(release, EMPTY, RequestReceived(a_release(message_id="m-good")))
        assert (found.state, found.attempt, found.sequence) == (State.STARTING, 2, 1)


RERUNS = [
    (Rerun.FAILED_ONLY, State.FAILED, True),
    (Rerun.FAILED_ONLY, State.ERRORED, True),
    (Rerun.FAILED_ONLY, State.SUCCEEDED, False),
    (Rerun.FAILED_ONLY, State.CANCELLED, False),
    (Rerun.NEVER, State.FAILED, False),
    (Rerun.ALWAYS, State.SUCCEEDED, True),
]


class TestRerun:
    @pytest.mark.parametrize(("rerun", "state", "runs"), RERUNS)
    def test_a_closed_release_runs_again_only_as_its_route_says(self, rerun: Rerun, state: State, runs: bool) -> None:
        release, lane = closed(state, plan={"rerun": rerun})
        found = take(release, lane, RequestReceived(a_release(message_id="m-2")))
        assert found.release is not None
        assert (StartExecution() in found.effects) is runs
        assert found.release.attempt == (2 if runs else 1)
        assert (Republish() in found.effects) is not runs

    def test_sequence_and_fence_go_on_over_attempts(self) -> None:
        release, lane = closed(State.FAILED)
        again, lane = after(release, lane, RequestReceived(a_release(message_id="m-2")))
        again, _ = after(again, lane, StartConfirmed(again.fencing_token, OTHER, None))
        assert again.fencing_token == release.fencing_token + 1
        assert again.sequence == release.sequence + 1

    def test_a_publishers_late_retry_does_not_rerun_what_failed_meanwhile(self) -> None:
        release, lane = closed(State.FAILED)
        found = take(release, lane, RequestReceived(a_release(message_id="m-2", published=-1)))
        assert found.effects == (Republish(), NoEffect("already_closed"))

    def test_the_first_messages_redelivery_does_not_rerun_the_second_attempt(self) -> None:
        release, lane = closed(State.FAILED)
        release, lane = after(release, lane, RequestReceived(a_release(message_id="m-2")))
        release, lane = after(release, lane, ended(State.FAILED, attempt=2, fencing_token=2))
        assert take(release, lane, RequestReceived(a_release())).effects == (NoEffect("already_closed"),)


class TestResume:
    def test_the_next_in_a_freed_lane_starts(self) -> None:
        release, lane = queued()
        found = take(release, replace(lane, holders=()), Resume())
        assert found.effects == (StartExecution(),)
        assert found.lane == Lane(key=EMPTY.key, holders=("web-2",))

    def test_a_held_lane_stays_held(self) -> None:
        release, lane = queued()
        assert take(release, lane, Resume()).effects == (NoEffect("lane_held"),)

    def test_whoever_is_not_next_passes_it_on(self) -> None:
        young, lane = queued("young", published=9)
        _, lane = after(None, lane, RequestReceived(a_release("old", published=3)))
        found = take(replace(young, outbox=type(young.outbox)()), replace(lane, holders=()), Resume())
        assert found.effects == (NoEffect("not_next"),)
        assert found.release is not None
        assert found.release.outbox.resumes == ("old",)

    def test_a_claim_with_room_left_wakes_the_one_after(self) -> None:
        plan = {"lane_mode": LaneMode.PARALLEL, "capacity": 2}
        queue = (Waiting(at(1), "one", True), Waiting(at(2), "two", True))
        found = take(a_release("one", plan=plan), Lane(key=EMPTY.key, queue=queue), Resume())
        assert found.release is not None
        assert found.release.outbox.resumes == ("two",)

    def test_an_overloaded_release_waits_for_its_time(self) -> None:
        release, lane = queued()
        release = replace(release, not_before=at(30))
        assert take(release, replace(lane, holders=()), Resume(), at(29)).effects == (NoEffect("not_yet"),)
        assert take(release, replace(lane, holders=()), Resume(), at(30)).effects == (StartExecution(),)

    def test_a_queued_release_expires_at_its_not_after(self) -> None:
        release, lane = queued(not_after=at(10))
        found = take(release, lane, Resume(), at(10))
        assert told(found.release)[-1] is State.EXPIRED
        assert found.lane is not None
        assert found.lane.queue == ()

    def test_starts_without_an_execution_are_exhausted_at_last(self) -> None:
        release, lane = starting()
        for _ in range(LIMITS.max_starts - 1):
            assert release.lease_until is not None
            release, lane = after(release, lane, Resume(), release.lease_until)
        assert release.lease_until is not None
        found = take(release, lane, Resume(), release.lease_until)
        assert found.effects == (FindExecution(),)
        assert found.release is not None
        found = take(found.release, found.lane, ExecutionNotFound(found.release.fencing_token))
        assert found.release is not None
        assert (found.release.state, found.release.result.reason) == (State.ERRORED, "start_exhausted")
        assert found.release.outbox.dead_letter is not None
        assert found.lane == EMPTY

    def test_a_resume_of_a_claim_that_stands_is_left_to_whoever_holds_it(self) -> None:
        release, lane = starting()
        assert take(release, lane, Resume(), at(59)).effects == (NoEffect("claim_held"),)

    def test_a_resume_of_nobody_is_ignored(self) -> None:
        assert take(None, None, Resume()).effects == (NoEffect("unknown_release"),)


class TestConfirm:
    def test_the_execution_is_told(self) -> None:
        release, _ = started()
        assert (release.state, release.execution) == (State.STARTED, EXECUTION)
        assert told(release) == [State.STARTED]

    def test_a_claim_that_was_taken_over_is_not_confirmed(self) -> None:
        release, lane = starting()
        taken, lane = after(release, lane, Resume(), at(60))
        assert take(taken, lane, StartConfirmed(1, EXECUTION, None)) == Transition(
            taken, lane, (NoEffect("stale_fence"),)
        )

    def test_a_second_confirm_changes_nothing(self) -> None:
        release, lane = started()
        assert take(release, lane, StartConfirmed(1, OTHER, None)).effects == (NoEffect("not_starting"),)

    def test_a_cancel_that_came_during_the_start_stops_the_execution(self) -> None:
        release, lane = starting()
        release, lane = after(release, lane, Cancel("kim", None))
        assert take(release, lane, StartConfirmed(1, EXECUTION, None)).effects == (StopExecution(EXECUTION),)


class TestRefuseAndOverload:
    def test_a_refusal_is_believed_once_nothing_runs_and_nothing_will(self) -> None:
        release, lane = starting()
        _, lane = after(None, lane, RequestReceived(a_release("web-2", published=1)))
        refused = take(release, lane, StartRefused(1, "permission", "no"))
        assert (refused.effects, refused.lane) == ((FindExecution(),), lane)
        found = take(refused.release, refused.lane, ExecutionNotFound(1))
        assert found.release is not None
        assert (found.release.state, found.release.result.reason) == (State.ERRORED, "permission")
        assert found.release.outbox.resumes == ("web-2",)
        assert found.release.outbox.dead_letter is not None
        assert found.lane is not None
        assert found.lane.holders == ()

    def test_a_refusal_of_a_start_that_runs_all_the_same_is_forgotten(self) -> None:
        release, lane = starting()
        refused = take(release, lane, StartRefused(1, "permission", "no"))
        found = take(refused.release, refused.lane, StartConfirmed(1, EXECUTION, None))
        assert found.release is not None
        assert (found.release.state, found.release.execution) == (State.STARTED, EXECUTION)

    def test_a_refusal_under_an_old_fence_is_ignored(self) -> None:
        release, lane = starting()
        taken, lane = after(release, lane, Resume(), at(60))
        assert take(taken, lane, StartRefused(1, "permission", "no")).effects == (NoEffect("stale_fence"),)

    def test_overload_puts_the_release_back_into_its_place(self) -> None:
        release, lane = starting("old", published=1)
        _, lane = after(None, lane, RequestReceived(a_release("young", published=2)))
        back, lane = after(release, lane, StartThrottled(1, at(5)))
        assert [entry.release_id for entry in lane.queue] == ["old", "young"]
        assert (back.state, back.not_before, back.starts, lane.holders) == (State.QUEUED, at(5), 0, ())
        assert back.outbox.dead_letter is None

    def test_overload_of_a_release_to_be_cancelled_cancels_it(self) -> None:
        release, lane = starting()
        release, lane = after(release, lane, Cancel("kim", "no more"))
        back, lane = after(release, lane, StartThrottled(1, at(5)))
        assert (back.state, lane) == (State.CANCELLED, EMPTY)


class TestAnEarlierStartMayRun:
    def taken_over(self) -> tuple[Release, Lane]:
        release, lane = starting()
        return after(release, lane, Resume(), at(60))

    def test_a_refusal_keeps_the_lane_until_nothing_turned_up(self) -> None:
        release, lane = self.taken_over()
        kept, lane = after(release, lane, StartRefused(2, "permission", "no"), at(61))
        assert (kept.state, lane.holders) == (State.STARTING, ("web-1",))
        found = take(kept, lane, Resume(), at(120))
        assert found.effects == (FindExecution(),)
        assert found.release is not None
        closed, lane = after(found.release, found.lane, ExecutionNotFound(found.release.fencing_token), at(121))
        assert (closed.state, closed.result.reason, lane) == (State.ERRORED, "permission", EMPTY)

    def test_what_turns_up_after_a_refusal_is_adopted(self) -> None:
        release, lane = self.taken_over()
        kept, lane = after(release, lane, StartRefused(2, "permission", "no"), at(61))
        looking, lane = after(kept, lane, Resume(), at(120))
        assert after(looking, lane, StartConfirmed(looking.fencing_token, EXECUTION, None))[0].state is State.STARTED

    def test_overload_keeps_the_lane_and_tries_again_when_its_time_has_come(self) -> None:
        release, lane = self.taken_over()
        kept, lane = after(release, lane, StartThrottled(2, at(90)), at(61))
        assert (kept.state, kept.lease_until, lane.holders) == (State.STARTING, at(90), ("web-1",))
        assert take(kept, lane, Resume(), at(90)).effects == (StartExecution(take_over=True),)

    def test_a_release_to_be_cancelled_is_only_looked_for(self) -> None:
        release, lane = starting()
        release, lane = after(release, lane, Cancel("kim", "no more"))
        looking = take(release, lane, Resume(), at(60))
        assert looking.effects == (FindExecution(),)
        assert looking.release is not None
        closed, lane = after(looking.release, looking.lane, ExecutionNotFound(looking.release.fencing_token))
        assert (closed.state, closed.result.detail, lane) == (State.CANCELLED, "no more", EMPTY)

    def test_a_look_under_an_old_fence_decides_nothing(self) -> None:
        release, lane = self.taken_over()
        assert take(release, lane, ExecutionNotFound(1)).effects == (NoEffect("stale_fence"),)

    def started_twice(self) -> tuple[Release, Lane]:
        release, lane = self.taken_over()
        return after(release, lane, StartConfirmed(2, EXECUTION, None), at(61))

    @pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED, State.ERRORED])
    def test_an_end_without_an_owner_seals_the_fence_before_it_closes(self, state: State) -> None:
        release, lane = self.started_twice()
        assert take(release, lane, ended(state, fencing_token=2)) == Transition(release, lane, (SealOwnership(),))
        done, freed = after(release, lane, ended(state, fencing_token=2, owner=SEALED))
        assert (done.state, freed) == (state, EMPTY)

    def test_an_end_whose_fence_another_start_took_meanwhile_waits_for_that_one(self) -> None:
        release, lane = self.started_twice()
        waiting, held = after(release, lane, ended(State.FAILED, fencing_token=2, owner="release-agent-zzzzz"))
        assert (waiting.state, waiting.execution, held) == (State.STARTED, OTHER, lane)

    def test_a_success_under_a_sealed_fence_is_of_an_agent_that_stood_back(self) -> None:
        release, lane = self.started_twice()
        done, freed = after(release, lane, ended(fencing_token=2, owner=SEALED))
        assert (done.state, done.result.reason, freed) == (State.ERRORED, "start_exhausted", EMPTY)

    def test_an_agent_that_stood_back_from_a_cancelled_release_leaves_it_cancelled(self) -> None:
        release, lane = self.started_twice()
        release, lane = after(release, lane, Cancel("kim", "no more"))
        assert after(release, lane, ended(fencing_token=2, owner=SEALED))[0].state is State.CANCELLED

    def test_a_job_that_knows_no_fence_succeeds_without_one(self) -> None:
        release, lane = self.started_twice()
        assert after(release, lane, ended(fencing_token=2))[0].state is State.SUCCEEDED

    def test_the_only_start_needs_no_seal(self) -> None:
        release, lane = started()
        assert after(release, lane, ended(State.FAILED))[0].state is State.FAILED

    def test_a_stray_under_a_sealed_fence_points_nowhere(self) -> None:
        release, lane = self.started_twice()
        found = take(release, lane, ended(execution=OTHER, fencing_token=1, owner=SEALED))
        assert found == Transition(release, lane, (NoEffect("stray_execution"),))


FOREIGN = {
    "another project": "projects/other/locations/europe-west1/jobs/release-agent/executions/release-agent-x7k2p",
    "another location": "projects/acme/locations/us-east1/jobs/release-agent/executions/release-agent-x7k2p",
    "another job": "projects/acme/locations/europe-west1/jobs/other/executions/release-agent-x7k2p",
    "no job's execution": "release-agent-x7k2p",
}


class TestComplete:
    @pytest.mark.parametrize("execution", FOREIGN.values(), ids=FOREIGN)
    @pytest.mark.parametrize("owner", [None, "release-agent-x7k2p"])
    def test_an_execution_of_another_job_closes_nothing(self, execution: str, owner: str | None) -> None:
        release, lane = started()
        found = take(release, lane, ended(execution=execution, owner=owner))
        assert found == Transition(release, lane, (NoEffect("stray_job"),))

    def test_a_project_s_number_is_taken_for_its_id(self) -> None:
        release, lane = started()
        by_number = "projects/123456789012/locations/europe-west1/jobs/release-agent/executions/release-agent-x7k2p"
        assert after(release, lane, ended(execution=by_number))[0].state is State.SUCCEEDED

    @pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED, State.CANCELLED, State.ERRORED])
    def test_the_execution_closes_its_release_and_wakes_the_next(self, state: State) -> None:
        release, lane = started()
        _, lane = after(None, lane, RequestReceived(a_release("web-2", published=1)))
        found = take(release, lane, ended(state))
        assert told(found.release) == [State.STARTED, state]
        assert found.release is not None
        assert found.release.outbox.resumes == ("web-2",)

    def test_a_completion_before_the_confirm_tells_both_states(self) -> None:
        release, lane = starting()
        found = take(release, lane, ended())
        assert told(found.release) == [State.STARTED, State.SUCCEEDED]
        assert found.lane == EMPTY

    def test_a_completion_twice_changes_nothing(self) -> None:
        release, lane = closed()
        lane = replace(lane, queue=(Waiting(at(1), "web-2", True),))
        assert take(release, lane, ended()) == Transition(release, lane, (NoEffect("already_closed"),))

    def test_an_execution_that_does_not_own_the_fence_is_a_stray(self) -> None:
        release, lane = started()
        found = take(release, lane, ended(execution=OTHER, fencing_token=1))
        assert found == Transition(release, lane, (NoEffect("stray_execution"),))

    def test_another_attempts_execution_is_a_stray(self) -> None:
        release, lane = started()
        assert take(release, lane, ended(attempt=2)).effects == (NoEffect("stray_attempt"),)

    def test_the_one_that_stood_back_does_not_close_but_points_to_the_owner(self) -> None:
        release, lane = started()
        found = take(release, lane, ended(owner="release-agent-zzzzz"))
        assert found.effects == (NoEffect("stray_execution"),)
        assert found.release is not None
        assert (found.release.state, found.release.execution) == (State.STARTED, OTHER)

    def test_the_owner_closes_even_when_another_execution_was_confirmed(self) -> None:
        release, lane = started()
        found = take(release, lane, ended(execution=OTHER, owner="release-agent-zzzzz"))
        assert told(found.release)[-1] is State.SUCCEEDED

    def test_an_old_fences_completion_of_a_claim_without_owner_is_a_stray(self) -> None:
        release, lane = starting()
        taken, lane = after(release, lane, Resume(), at(60))
        assert take(taken, lane, ended(fencing_token=1)).effects == (NoEffect("stray_execution"),)


class TestCancel:
    def test_a_queued_release_is_cancelled_at_once(self) -> None:
        release, lane = queued()
        found = take(release, lane, Cancel("kim", "wrong version"))
        assert told(found.release)[-1] is State.CANCELLED
        assert found.lane is not None
        assert found.lane.queue == ()

    def test_a_running_release_is_stopped_and_tells_the_outcome_itself(self) -> None:
        release, lane = started()
        found = take(release, lane, Cancel("kim", None))
        assert found.effects == (StopExecution(EXECUTION),)
        assert found.release is not None
        assert found.release.state is State.STARTED

    def test_a_stop_that_was_lost_is_asked_for_again(self) -> None:
        release, lane = started()
        release, lane = after(release, lane, Cancel("kim", None))
        assert take(release, lane, Resume()).effects == (StopExecution(EXECUTION),)

    def test_a_closed_release_stays_as_it_is(self) -> None:
        release, lane = closed()
        assert take(release, lane, Cancel(None, None)) == Transition(release, lane, (NoEffect("already_closed"),))


class TestNewest:
    NEWEST: ClassVar = {"lane_mode": LaneMode.NEWEST}

    def test_a_newer_request_replaces_those_that_wait_and_not_what_runs(self) -> None:
        _, lane = started(plan=self.NEWEST)
        _, lane = after(None, lane, RequestReceived(a_release("two", published=2, plan=self.NEWEST)))
        found = take(None, lane, RequestReceived(a_release("three", published=3, plan=self.NEWEST)))
        assert found.effects == (SupersedeQueued(("two",), by="three"),)
        assert found.lane is not None
        assert found.lane.holders == ("web-1",)
        assert [entry.release_id for entry in found.lane.queue] == ["three"]

    def test_a_rollback_that_waits_is_never_replaced(self) -> None:
        _, lane = started(plan=self.NEWEST)
        _, lane = after(
            None, lane, RequestReceived(a_release("back", published=2, plan={**self.NEWEST, "replaceable": False}))
        )
        found = take(None, lane, RequestReceived(a_release("three", published=3, plan=self.NEWEST)))
        assert found.effects == ()

    def test_a_newcomer_that_finds_no_place_replaces_nobody(self) -> None:
        plan = {**self.NEWEST, "max_queue": 1}
        _, lane = started(plan=plan)
        _, lane = after(
            None, lane, RequestReceived(a_release("back", published=2, plan={**plan, "replaceable": False}))
        )
        _, lane = after(None, lane, RequestReceived(a_release("two", published=3, plan={**plan, "max_queue": 2})))
        found = take(None, lane, RequestReceived(a_release("three", published=4, plan=plan)))
        assert found.release is not None
        assert found.release.result.reason == "queue_full"
        assert (found.lane, found.effects) == (lane, ())

    def test_a_late_older_request_is_itself_superseded(self) -> None:
        _, lane = started(plan=self.NEWEST)
        _, lane = after(None, lane, RequestReceived(a_release("three", published=3, plan=self.NEWEST)))
        release, _ = after(None, lane, RequestReceived(a_release("two", published=2, plan=self.NEWEST)))
        assert (release.state, release.result.superseded_by) == (State.SUPERSEDED, "three")

    def test_whoever_is_replaced_is_told_by_whom(self) -> None:
        release, lane = queued(plan=self.NEWEST)
        found = take(release, lane, Superseded("web-9"))
        assert told(found.release)[-1] is State.SUPERSEDED
        assert found.release is not None
        assert found.release.result.superseded_by == "web-9"


class TestBury:
    def test_a_message_nobody_knew_is_closed_as_dead_lettered(self) -> None:
        candidate = replace(a_release(result=Result(reason="delivery_exhausted")), plan=None)
        assert told(take(None, None, DeadLettered(candidate)).release) == [State.DEAD_LETTERED]

    def test_a_release_that_is_known_is_left_alone(self) -> None:
        release, lane = started()
        assert take(release, lane, DeadLettered(a_release())).effects == (NoEffect("known_release"),)


EVENTS: list[Event] = [
    RequestReceived(a_release()),
    RequestReceived(a_release(message_id="m-2")),
    RequestReceived(a_release(message_id="m-2", payload_hash="another")),
    Resume(),
    StartConfirmed(1, EXECUTION, None),
    StartRefused(1, "permission", "no"),
    StartThrottled(1, at(5)),
    ExecutionNotFound(1),
    ended(),
    ended(State.FAILED, execution=OTHER),
    Cancel(None, None),
    Superseded("web-9"),
    DeadLettered(a_release()),
]


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
@pytest.mark.parametrize("later", [0, 3600])
def test_every_event_in_every_state_is_decided_and_keeps_the_invariants(
    state: State, event: Event, later: float
) -> None:
    release, lane = started()
    release = replace(release, state=state, lease_until=at(60) if state is State.STARTING else None)
    if state is State.QUEUED:
        lane = Lane(key=lane.key, queue=(Waiting(NOW, release.release_id, True),))
    elif state in OUTCOMES:
        lane = EMPTY
    found = take(release, lane, event, at(later))
    assert found.release is not None
    assert found.lane is not None
    assert found.release.sequence >= release.sequence
    assert len(found.lane.holders) <= 1
    holds = found.release.state in (State.STARTING, State.STARTED)
    assert (found.release.release_id in found.lane.holders) is holds
    waits = [entry.release_id for entry in found.lane.queue]
    assert (found.release.release_id in waits) is (found.release.state is State.QUEUED)
