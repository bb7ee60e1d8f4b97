"""Editing a message before its replay."""

import json
from pathlib import Path

import pytest

from interlock_cli.actions.editor import edit_message
from interlock_cli.errors import CommandError


@pytest.fixture(autouse=True)
def without_visual(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISUAL", raising=False)


def test_the_message_is_what_the_editor_has_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", """sh -c 'printf "{}" > "$0"'""")
    assert edit_message(b'{"target_env": "moon"}') == b"{}"


def test_visual_is_asked_before_editor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", "false")
    monkeypatch.setenv("VISUAL", "true")
    assert edit_message(b"text") == b"text"


def test_json_is_indented_and_what_is_not_json_is_edited_byte_for_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", "true")
    assert edit_message(b'{"a":"\xc3\xa4"}') == '{\n  "a": "ä"\n}'.encode()
    assert edit_message(b"\xff{not json\r\n") == b"\xff{not json\r\n"


def test_no_copy_of_the_message_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = tmp_path / "names"
    monkeypatch.setenv("EDITOR", f"""sh -c 'cp "$0" "$0~"; ls "$0" "$0~" > {names}'""")
    edit_message(json.dumps({"params": {"API_TOKEN": "hunter2"}}).encode())
    seen = [Path(line) for line in names.read_text().splitlines()]
    assert [path.name for path in seen] == ["message.json", "message.json~"]
    assert [path for path in seen if path.exists()] == []


@pytest.mark.parametrize("editor", ["false", "/nowhere/editor", "vi 'unclosed"])
def test_an_editor_that_fails_is_an_error_that_says_what_to_set(editor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", editor)
    with pytest.raises(CommandError, match="the editor failed") as failed:
        edit_message(b"{}")
    assert "EDITOR" in failed.value.remedy
