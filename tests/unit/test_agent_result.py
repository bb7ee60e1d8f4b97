"""What the agents of one release left is told as one: verdict of the platform, the rest of the tasks."""

from typing import Any

import pytest

from interlock.domain.executions.agent_results import with_agent_results
from interlock.domain.executions.task_results import last_results
from interlock.domain.releases.model import ItemGroup, Result

FAILED = Result(reason="non_zero_exit", exit_code=1)


def task(outcome: str = "success", **more: Any) -> dict[str, Any]:
    return {"outcome": outcome, "exit_code": 0 if outcome == "success" else 3, **more}


def items(**groups: list[str]) -> dict[str, Any]:
    return {name: {"count": len(names), "names": names} for name, names in groups.items()}


def test_without_any_result_the_platforms_word_stands() -> None:
    assert with_agent_results(FAILED, []) is FAILED


def test_the_first_task_that_failed_tells_the_exit_code_and_the_last_error_lines() -> None:
    tasks = [task(error_lines=["fine"]), task("failure", error_lines=["boom"]), task("terminated", exit_code=9)]
    told = with_agent_results(FAILED, tasks)
    assert (told.reason, told.exit_code, told.error_lines) == ("non_zero_exit", 3, ("boom",))


def test_the_outputs_of_all_tasks_are_told_and_the_first_task_is_heard_first() -> None:
    tasks = [task(outputs={"url": "a", "x": "1"}), task(outputs={"url": "b", "y": "2"})]
    assert with_agent_results(Result(), tasks).outputs == {"url": "a", "x": "1", "y": "2"}


def test_the_items_of_all_tasks_are_counted_and_named() -> None:
    tasks = [
        task(items=items(succeeded=["c"], done_before=["a"], failed=[], not_started=[])),
        task("failure", items=items(succeeded=[], done_before=[], failed=["b"], not_started=["d", "f"])),
    ]
    assert with_agent_results(FAILED, tasks).items == {
        "succeeded": ItemGroup(2, ("a", "c")),
        "failed": ItemGroup(1, ("b",)),
        "not_started": ItemGroup(2, ("d", "f")),
    }


def test_a_release_without_a_manifest_has_no_items() -> None:
    assert with_agent_results(Result(), [task()]).items == {}


def test_more_names_than_fit_are_counted_and_not_named() -> None:
    told = with_agent_results(Result(), [task(items=items(succeeded=[f"n{number}" for number in range(99)]))])
    assert (told.items["succeeded"].count, len(told.items["succeeded"].names)) == (99, 50)


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"exit_code": "x", "outputs": 7, "error_lines": {}, "items": []},
        {"items": {"succeeded": 1, "failed": {"count": "x", "names": "y"}, "not_started": {"names": [1, None]}}},
        {"exit_code": True, "outputs": {"a": 1}, "error_lines": [1]},
    ],
)
def test_a_broken_result_never_changes_the_verdict(broken: dict[str, Any]) -> None:
    told = with_agent_results(FAILED, [broken])
    assert (told.reason, told.exit_code, told.outputs, told.error_lines) == ("non_zero_exit", 1, {}, ())
    assert all(group == ItemGroup(0, ()) for group in told.items.values())


def test_secrets_in_outputs_and_items_are_masked() -> None:
    secret = "password=hunter2hunter2"
    told = with_agent_results(Result(), [task(outputs={"a": secret}, items=items(failed=[secret]))])
    assert "hunter2" not in repr(told)


def test_only_results_count_and_of_each_task_the_last_try() -> None:
    names = [
        "2/results.json",
        "0/results.json",
        "0/results-2.json",
        "0/results-10.json",
        "items/1.json",
        "x/results.json",
    ]
    assert last_results(names, limit=9) == ["0/results-10.json", "2/results.json"]
    assert last_results(names, limit=1) == ["0/results-10.json"]
