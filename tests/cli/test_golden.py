"""What people see is what the golden files hold; `python -m tests.cli.golden` writes them anew, on purpose."""

import pytest

from tests.cli.cases import CASES, Case
from tests.cli.golden import GOLDEN, golden_file
from tests.cli.sandbox import Sandbox, as_golden, run_here
from tests.docs.generate import command_paths, find

CALLED = {case.line.split(" --")[0] for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_people_see_what_the_golden_file_holds(case: Case, sandbox: Sandbox) -> None:
    assert as_golden(case, run_here(sandbox, case)) == golden_file(case).read_text()


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_process_of_its_own_prints_the_same_from_firestore(case: Case, firestore_sandbox: Sandbox) -> None:
    assert as_golden(case, firestore_sandbox.run(case)) == golden_file(case).read_text()


def test_no_golden_file_is_of_no_case() -> None:
    assert set(GOLDEN.iterdir()) == set(map(golden_file, CASES))


def test_every_command_has_a_golden_file() -> None:
    commands = [
        path.removeprefix("interlock ") for path in command_paths() if not getattr(find(path)[0], "commands", None)
    ]
    started_elsewhere = {"local up", "local demo"}
    assert {
        one for one in commands if not any(f"{line} ".startswith(f"{one} ") for line in CALLED)
    } == started_elsewhere
