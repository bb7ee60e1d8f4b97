"""`interlock local demo`: the whole system in one command, plain where there is no terminal."""

from pathlib import Path

from tests.e2e.stack import run_command


def test_the_demo_without_a_terminal_prints_plain_lines_and_succeeds(tmp_path: Path) -> None:
    ended = run_command("local", "demo", "--state", str(tmp_path / "demo"), timeout=120)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "\x1b" not in ended.stdout
    assert ended.stdout.rstrip().endswith("every release ended as it must")
    for words in ("good", "script-fails", "race-1", "race-2", "same-twice", "typo", "no-such-job"):
        assert words in ended.stdout
