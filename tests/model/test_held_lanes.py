"""A lane that somebody left held by a closed release, as only a hand in the ledger can: reconcile frees it."""

from dataclasses import replace
from datetime import timedelta

from interlock.domain.releases.model import State
from interlock.domain.releases.reconcile_schedule import QUEUED_EVERY
from interlock.ledger.interface import Commit
from interlock.ledger.records import Key
from tests.model.cloud_run import End
from tests.model.machine import Life


def test_a_lane_held_by_a_closed_release_is_freed_by_reconcile(life: Life) -> None:
    life.send()
    [execution] = life.world.cloud_run.open()
    life.world.cloud_run.begin(execution)
    life.world.end(execution, how=End.SUCCEEDED)
    life.deliver_everything()
    [lane] = life.world.ledger.lanes.values()
    held = replace(lane, holders=("r0",))
    life.world.ledger.transact((), lambda _: Commit({Key("lanes", lane.key): held}, None))
    life.send()
    assert life.state("r1") is State.QUEUED
    life.world.clock.forward(seconds=(QUEUED_EVERY + timedelta(seconds=1)).total_seconds())
    life.world.reconcile()
    life.deliver_everything()
    assert life.state("r1") is State.STARTED
