"""The agent's page: every exit code and every variable that the agent knows is on it."""

import re
from pathlib import Path

from interlock_agent.exit_codes import ExitCode

AGENT = Path(__file__).parents[2] / "agent"
PAGE = (AGENT / "README.md").read_text()
NOT_ALONE = {ExitCode.SIGNAL_BASE}  # added to a signal's number, never an exit code itself


def test_every_exit_code_of_the_agent_is_explained_and_no_other() -> None:
    section = PAGE.partition("## Exit codes\n")[2].partition("\n## ")[0]
    assert [int(code) for code in re.findall(r"(?m)^\| (\d+) \|", section)] == sorted(set(ExitCode) - NOT_ALONE)


def test_every_variable_that_the_agent_reads_is_explained() -> None:
    code = "".join(path.read_text() for path in sorted((AGENT / "interlock_agent").rglob("*.py")))
    read = set(re.findall(r'"((?:INTERLOCK|CLOUD_RUN|MANIFEST|ARTIFACT|SCRIPT|DEPLOYMENT)_[A-Z0-9_]*[A-Z0-9])"', code))
    assert len(read) > 15
    assert sorted(name for name in read if not re.search(rf"`\$?{name}`", PAGE)) == []


def test_every_room_of_the_agent_is_on_the_page_and_no_other() -> None:
    section = PAGE.partition("## Rooms\n")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([a-z_]+)/`", section))
    assert named == {path.parent.name for path in (AGENT / "interlock_agent").glob("*/__init__.py")}
