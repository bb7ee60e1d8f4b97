"""Every alert and every reason has its page, reachable by its link, and every command on it does what it says."""

import ast
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

import pytest

from interlock.bootstrap import open_ledger
from interlock.config import AlertSettings, settings_of
from interlock.domain.dead_letters.alert import alert
from interlock.domain.dead_letters.dead_letter import Incident
from interlock.domain.reasons import ERRORED, REASONS, REJECTED, STOPPED, runbook
from interlock.domain.releases.model import Result, State
from interlock.domain.requests.json_body import Reason
from interlock.domain.requests.message import Message
from interlock.google.cloud_run_jobs import _REFUSALS
from tests.build import NOW
from tests.cli.cases import Case
from tests.cli.sandbox import Sandbox, run_here
from tests.cli.seed import Seed, seeding
from tests.docs.pages import ROOT, Page
from tests.docs.runbooks_page import ALERTS
from tests.fakes import MemoryLedger

FOLDER = ROOT / "docs" / "runbooks"
WITHOUT_LETTER = STOPPED | {"lane_busy", "queue_full", "execution_lost", "inconsistent"}
PAGES = {path.stem: Page(path) for path in sorted(FOLDER.glob("*.md")) if path.stem != "README"}
COMMANDS = [(name, line) for name, page in PAGES.items() for line in page.commands]
EDITOR = f"""sh -c 'cp "{Path(__file__).parent}/files/release.json" "$0"'"""


def test_every_alert_and_every_reason_has_its_page_and_no_page_is_of_none() -> None:
    assert set(PAGES) == REASONS | set(ALERTS)


def test_the_alerts_are_those_that_terraform_declares() -> None:
    text = (ROOT / "terraform" / "alerts.tf").read_text()
    policies = set(re.findall(r'^resource "google_monitoring_alert_policy" "(\w+)"', text, re.MULTILINE))
    metrics = set(re.findall(r"^    (\w+) = \{$", text.split("metric_alerts = {")[1], re.MULTILINE))
    assert (policies - {"metric"}) | metrics == set(ALERTS)


def test_every_alert_s_text_links_to_its_pages() -> None:
    text = (ROOT / "terraform" / "alerts.tf").read_text()
    contents = re.findall(r"^    content +=.*$", text, re.MULTILINE)
    assert len(contents) == text.count("documentation {")
    links = [re.findall(r"\$\{local\.runbooks\}/([^)]+)\.md", content) for content in contents]
    reason, own = "$${log.extracted_label.reason}", "${each.key}"
    assert all(links)
    assert {link for found in links for link in found} - {reason, own} <= set(PAGES)


def test_the_functions_and_the_alerts_look_for_the_pages_at_one_address() -> None:
    default = settings_of(AlertSettings)["runbooks"].default
    assert f'"{default}"' in (ROOT / "terraform" / "alerts.tf").read_text()


def reasons_in_the_code() -> Iterator[str]:
    """Yield every reason that the functions give by name."""
    for path in (ROOT / "functions" / "interlock").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                yield from _given(node)
    yield from (*get_args(Reason), *_REFUSALS.values())


def _given(call: ast.Call) -> Iterator[str]:
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    if name in {"Result", "Verdict", "DeadLetterOrigin"}:
        yield from (text for word in call.keywords if word.arg == "reason" for text in _texts(word.value))
    if name in {"_turn_away", "_give_up", "rejected"}:
        yield from (text for one in call.args for text in _texts(one) if re.fullmatch(r"[a-z_]+", text))


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def test_every_reason_that_the_code_gives_is_in_the_list() -> None:
    found = set(reasons_in_the_code())
    assert found >= {"schema", "not_after", "lane_busy", "start_exhausted", "inconsistent", "delivery_exhausted"}
    assert found <= REASONS


@pytest.mark.parametrize("name", PAGES)
def test_a_page_begins_with_what_to_look_at_and_the_command_to_run(name: str) -> None:
    title, _, look, _, fence, command, *_ = PAGES[name].text.splitlines()
    assert title.startswith("# ")
    assert look.startswith("Look at ")
    assert (fence, command.split()[0]) == ("```bash", "interlock")


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_the_link_in_the_alert_leads_to_the_page(reason: str, tmp_path: Path) -> None:
    seed = seeding(MemoryLedger(), tmp_path)
    letter = seed.letter(seed.message("rb-1", 0), 1, reason=reason, stage="start", error="it broke").letter
    incident = Incident(fingerprint="f", count=1, opened_at=NOW, last_seen_at=NOW, last_notified_at=NOW)
    entry = alert(letter, incident=incident, notify=True, instance="x", runbooks=FOLDER.as_uri())
    assert Path(str(entry["runbook"]).removeprefix("file://")) == FOLDER / f"{reason}.md"


def test_a_word_of_the_platform_s_own_leads_to_the_page_for_the_unknown() -> None:
    assert runbook("delayed_start_pending", "https://x/") == "https://x/unknown.md"


def _closed(seed: Seed, reason: str) -> str | None:
    """Let a release close for the reason; return its dead letter's id where the reason makes one."""
    result = Result(reason=reason, detail="it broke", superseded_by="shop-3" if reason == "newer_request" else None)
    if reason in REASONS - REJECTED:
        state = State.ERRORED if reason in ERRORED else State.CANCELLED if reason in STOPPED else State.FAILED
        seed.ended("rb-1", 1000, state, result=result, target_env="test")
    if reason in WITHOUT_LETTER:
        return None
    message = seed.message("rb-1", 1000, target_env="moon" if reason == "no_route" else "test")
    kept = seed.letter(message, 1200, reason=reason, stage="start", error="it broke")
    return kept.letter.dead_letter_id


def _filled(line: str, name: str, letter_id: str | None, group: str) -> str:
    values: Mapping[str, str] = {
        "NEWER_RELEASE_ID": "shop-3",
        "NEW_RELEASE_ID": "rb-2",
        "HOLDER_ID": "web-3",
        "RELEASE_ID": "rb-1" if name not in REJECTED else "web-3",
        "DEAD_LETTER_ID": letter_id or "DEAD_LETTER_ID",
        "FINGERPRINT": group,
        "LANE": "staging/web",
    }
    pattern = re.compile(r"\b(" + "|".join(values) + r")\b")
    return pattern.sub(lambda found: values[found[1]], line.removeprefix("interlock "))


@pytest.mark.parametrize(("name", "line"), COMMANDS, ids=[f"{name}-{line[10:50]}" for name, line in COMMANDS])
def test_a_command_of_a_runbook_does_what_it_says(name: str, line: str, sandbox: Sandbox) -> None:
    assert line.startswith("interlock ")
    seed = seeding(open_ledger(sandbox.ledger), sandbox.folder / "logs")
    letter_id = _closed(seed, name if name in REASONS else "job_not_found")
    group = _group(sandbox, letter_id)
    filled = _filled(line, name, letter_id, group)
    ended = run_here(sandbox, Case(name, filled), EDITOR=EDITOR, VISUAL="")
    assert "error:" not in ended.err
    assert ended.code == _expected(name, shlex.split(filled)), ended


def _group(sandbox: Sandbox, letter_id: str | None) -> str:
    found = open_ledger(sandbox.ledger).newest("dead_letters")
    marks = [one.letter.fingerprint for one in found if one.letter.dead_letter_id == letter_id]  # type: ignore[union-attr]
    return marks[0] if marks else "0"


def _expected(name: str, line: list[str]) -> int:
    """The sandbox has no functions: nobody subscribes, which the doctor sees, and nobody ends what is awaited."""
    if name == "no_route" and line[:2] == ["dead-letters", "replay"] and "--edit" not in line:
        return 2  # the routes are as they were
    return {"doctor": 1, "wait": 5}.get(line[0], 0)


def test_the_message_of_no_request_is_a_letter_too(sandbox: Sandbox) -> None:
    seed = seeding(open_ledger(sandbox.ledger), sandbox.folder / "logs")
    letter = seed.letter(Message("m-0", NOW, b"", {"sender": "cron"}), 1, reason="empty", stage="validate", error="no")
    ended = run_here(sandbox, Case("", f"dead-letters show {letter.letter.dead_letter_id}"))
    assert "attribute  sender=cron" in ended.out
