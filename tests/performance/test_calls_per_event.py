"""How many calls an event costs is exact: the RPCs by method, the records read and written, the messages published."""

import json
from collections.abc import Iterator

import pytest

from bench.calls import PAGE, Installation, events, installation, page
from bench.events import a_dead_letter, a_dispatch, a_release, a_tick, completion, push
from bench.processes import google


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with google() as side, installation(side, tmp_path_factory.mktemp("functions")) as here:
        yield here


def test_the_page_of_calls_is_what_the_functions_do(running: Installation) -> None:
    assert page(events(running)) == PAGE.read_text(), "python -m bench.calls"


def test_a_release_is_started_with_one_read_three_commits_one_start_and_one_publish(running: Installation) -> None:
    assert running.cost("dispatch_release", a_dispatch()) == {
        "BatchGetDocuments": 1,
        "read": 2,
        "Commit": 3,
        "written": 4,
        "RunJob": 1,
        "Publish": 1,
        "published": 1,
    }


def test_a_release_that_must_wait_is_queued_with_one_read_two_commits_and_one_publish(
    running: Installation,
) -> None:
    first, second = a_release(), a_release()
    running.cost("dispatch_release", push(first))
    waiting = push({**second, "service": first["service"]})
    assert running.cost("dispatch_release", waiting) == {
        "BatchGetDocuments": 1,
        "read": 2,
        "Commit": 2,
        "written": 3,
        "Publish": 1,
        "published": 1,
    }


def test_a_duplicate_under_the_same_message_reads_and_writes_nothing(running: Installation) -> None:
    request = a_dispatch()
    running.cost("dispatch_release", request)
    assert running.cost("dispatch_release", request) == {"BatchGetDocuments": 1, "read": 2}


def test_a_bad_message_costs_one_read_two_commits_its_event_and_its_dead_letter(running: Installation) -> None:
    bad = push({**a_release(), "service": 7})
    assert running.cost("dispatch_release", bad) == {
        "BatchGetDocuments": 1,
        "read": 1,
        "Commit": 2,
        "written": 2,
        "Publish": 2,
        "published": 2,
    }


def test_a_completion_is_taken_in_two_reads_two_commits_and_a_look_at_what_the_agent_left(
    running: Installation,
) -> None:
    release = a_release()
    running.cost("dispatch_release", push(release))
    assert running.cost("report_status", completion(release["release_id"])) == {
        "BatchGetDocuments": 2,
        "read": 2,
        "Commit": 2,
        "written": 3,
        "Publish": 1,
        "published": 1,
        "GetObject": 2,
        "ListObjects": 1,
    }


def test_an_execution_that_bears_no_release_we_know_costs_one_read_and_a_look_at_what_the_agent_left(
    running: Installation,
) -> None:
    assert running.cost("report_status", completion("nobody")) == {
        "BatchGetDocuments": 1,
        "read": 1,
        "GetObject": 2,
        "ListObjects": 1,
    }


def test_a_dead_letter_is_kept_and_told_in_two_reads_and_three_commits(running: Installation) -> None:
    cost = running.cost("alert_dead_letter", a_dead_letter())
    assert cost == {
        "BatchGetDocuments": 2,
        "read": 3,
        "Commit": 3,
        "written": 4,
        "Publish": 1,
        "published": 1,
    }


def test_a_tick_with_nothing_due_is_one_query(running: Installation) -> None:
    running.side.reset()
    assert running.cost("reconcile_releases", a_tick()) == {"RunQuery": 1}


def test_a_record_that_another_worker_changed_meanwhile_is_read_again(running: Installation) -> None:
    """What dispatch remembers of a release it started is only a guess: a completion elsewhere has changed it."""
    release = a_release()
    headers, body = push(release)
    running.cost("dispatch_release", (headers, body))
    running.cost("report_status", completion(release["release_id"]))
    cancel = running.cost("dispatch_release", push({"cancel": release["release_id"]}))
    assert cancel["read"] >= 2
    assert "RunJob" not in json.loads(json.dumps(cancel))
