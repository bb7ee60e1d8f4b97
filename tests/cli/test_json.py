"""What --json prints has the documented shape: a definition for each command in views/output.v1.json."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from interlock.schema_files import load_schema
from interlock_cli.views import output
from tests.cli.cases import CASES, Case
from tests.cli.sandbox import Sandbox, run_here
from tests.docs.generate import command_paths, find

SHAPES: dict[str, Any] = json.loads(Path(output.__file__).with_name("output.v1.json").read_text())
LINES = {"logs", "watch"}
"""Commands that print an object a line, as they go."""
PRINTING = [path for path in command_paths() if not getattr(find(path)[0], "commands", None)]


def command_of(case: Case) -> str:
    words = [word for word in shlex.split(case.line) if not word.startswith("--")]
    return max((path for path in PRINTING if f"interlock {' '.join(words)} ".startswith(f"{path} ")), key=len)


def validator(path: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/$defs/{path}", "$defs": SHAPES["$defs"]})


def documents(path: str, out: str) -> list[Any]:
    texts = out.splitlines() if path.removeprefix("interlock ") in LINES else [out]
    return [json.loads(text) for text in texts if text.strip()]


JSON_CASES = [case for case in CASES if not case.name.startswith(("usage", "error"))]


@pytest.mark.parametrize("case", JSON_CASES, ids=lambda case: case.name)
def test_json_has_the_shape_of_its_command(case: Case, sandbox: Sandbox) -> None:
    path, text_exit_code = command_of(case), run_here(sandbox, case).code if not case.publishes else None
    ended = run_here(sandbox, case, "--json")
    found = [error.message for one in documents(path, ended.out) for error in validator(path).iter_errors(one)]
    assert found == []
    assert text_exit_code is None or "discard" in case.name or ended.code == text_exit_code


@pytest.mark.parametrize("path", PRINTING)
def test_every_command_prints_json_of_a_documented_shape(path: str) -> None:
    assert "--json" in [flag for parameter in find(path)[0].params for flag in parameter.opts]
    assert SHAPES["$defs"][path]["description"]


def test_every_shape_is_of_a_command_or_of_what_commands_print() -> None:
    Draft202012Validator.check_schema(SHAPES)
    named = {name for name in SHAPES["$defs"] if name.startswith("interlock ")}
    assert named == set(PRINTING)


def test_a_release_has_every_key_of_its_status_event() -> None:
    assert set(load_schema("status-event.v1")["properties"]) <= set(SHAPES["$defs"]["release"]["properties"])


def test_an_error_prints_nothing_as_result(sandbox: Sandbox) -> None:
    ended = run_here(sandbox, Case("", "releases show nobody --json"))
    assert (ended.code, ended.out) == (1, "")
    assert [line.split(":")[0] for line in ended.err.splitlines()] == ["error", "hint"]


def test_the_environment_may_ask_for_json(sandbox: Sandbox) -> None:
    assert (
        json.loads(run_here(sandbox, Case("", "releases show web-1"), INTERLOCK_JSON="1").out)["state"] == "succeeded"
    )
