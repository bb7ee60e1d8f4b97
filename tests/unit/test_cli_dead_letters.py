"""Dead letters at the command line: why, what a replay would do, and who resolved them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from interlock.bootstrap import FullLedger, load_routes, open_ledger
from interlock.cloud_events import open_message
from interlock.domain.dead_letters.dead_letter import dead_letter_attributes
from interlock.domain.dead_letters.stored import Resolution, StoredDeadLetter
from interlock.domain.reasons import REASONS
from interlock.domain.releases.candidate import candidate
from interlock.domain.releases.events import RequestReceived
from interlock.domain.requests.message import Message
from interlock.domain.requests.parser import AcceptedRequest, RejectedRequest, RequestParser
from interlock.domain.requests.schema_validation import SchemaValidator
from interlock.ledger.interface import Commit, Ledger
from interlock.schema_files import load_schema
from interlock.services.release_transaction import release_key
from interlock_cli.actions.dead_letters import dead_letter_key, find_dead_letter, read_dead_letters, record_resolution
from interlock_cli.actions.replay import plan_replay, publish_replays
from interlock_cli.main import run
from interlock_cli.views.reasons import REASON_TEXTS
from tests.build import NOW, apply, at
from tests.fakes import FakePublisher, MemoryLedger
from tests.messages import dead_letter_in

ROUTES = Path(__file__).parents[2] / "local" / "interlock_local" / "stack" / "routes.json"
PARSER = RequestParser(SchemaValidator.of(load_schema("release-request.v1")), load_routes(str(ROUTES)))
REQUEST: dict[str, Any] = {
    "release_version": "1.2.4",
    "target_env": "staging",
    "artifact_path": "gs://my-artifacts/my-app-1.2.4.zip",
    "deployment_script": "deploy_staging.sh",
}
RESOLUTION = Resolution(action="replayed", by="ann", at=NOW, reason="the job is back")


def a_message(message_id: str = "m-1", data: bytes | None = None, **attributes: str) -> Message:
    return Message(message_id, NOW, json.dumps(REQUEST).encode() if data is None else data, attributes)


def a_dead_letter(
    message: Message | None = None, *, reason: str = "job_not_found", error: str = "404"
) -> StoredDeadLetter:
    original = message or a_message()
    marks = dead_letter_attributes(original, reason=reason, stage="start", error=error)
    letter = dead_letter_in(replace(original, message_id="forwarded", attributes=marks))
    return StoredDeadLetter(letter=letter, first_seen_at=NOW, last_seen_at=NOW, notify=True)


def keep(ledger: Ledger, *kept: StoredDeadLetter) -> None:
    ledger.transact((), lambda _: Commit({dead_letter_key(one.letter.dead_letter_id): one for one in kept}, None))


def submit(ledger: Ledger, message: Message) -> str:
    parsed = PARSER.parse(message, open_message(message))
    assert isinstance(parsed, AcceptedRequest | RejectedRequest)
    apply(ledger, parsed.release_id, RequestReceived(candidate(parsed, now=NOW)))
    return parsed.release_id


def planned(kept: StoredDeadLetter, ledger: FullLedger | None = None, **options: Any) -> Any:
    return plan_replay(kept, ledger or MemoryLedger(), parser=PARSER, now=at(60), **options)


class TestPlan:
    def test_a_message_that_names_its_release_is_replayed_byte_for_byte(self) -> None:
        data = json.dumps({**REQUEST, "release_id": "web-1"}, indent=3).encode()
        plan = planned(a_dead_letter(a_message(data=data, team="web")))
        assert (plan.message.data, plan.message.attributes) == (data, {"team": "web"})
        assert (plan.forecast.word, plan.forecast.release_id) == ("start", "web-1")

    def test_a_message_without_an_id_keeps_the_one_it_had(self) -> None:
        plan = planned(a_dead_letter())
        assert json.loads(plan.message.data) == {**REQUEST, "release_id": "msg-m-1"}

    def test_a_cloud_event_keeps_its_identity_untouched(self) -> None:
        message = a_message("m-1", None, **{"ce-source": "ci", "ce-id": "7", "ce-type": "x", "ce-specversion": "1.0"})
        plan = planned(a_dead_letter(message))
        assert plan.message.data == message.data
        assert plan.forecast.release_id.startswith("ce-")

    def test_a_message_that_has_started_a_release_would_be_a_duplicate(self) -> None:
        ledger = MemoryLedger()
        assert submit(ledger, a_message()) == "msg-m-1"
        assert planned(a_dead_letter(), ledger).forecast.word == "duplicate"

    def test_a_message_for_a_busy_lane_would_be_queued(self) -> None:
        ledger = MemoryLedger()
        submit(ledger, a_message("m-0"))
        assert planned(a_dead_letter(), ledger).forecast.word == "queue"

    def test_what_is_still_wrong_would_be_rejected_again_with_every_reason(self) -> None:
        forecast = planned(a_dead_letter(a_message(data=b'{"release_version": "1"}'), reason="schema")).forecast
        assert (forecast.word, forecast.is_good) == ("rejected", False)
        assert len(forecast.violations) >= 3

    def test_an_edit_mends_it(self) -> None:
        broken = a_dead_letter(a_message(data=b"{not json"), reason="not_json")
        plan = planned(broken, edited=json.dumps(REQUEST).encode())
        assert (plan.forecast.word, plan.is_changed) == ("start", True)

    def test_a_job_s_completion_is_not_published_as_a_request(self) -> None:
        kept = a_dead_letter()
        completion = replace(kept, letter=replace(kept.letter, stage="report_status"))
        assert planned(completion).forecast.word == "not_a_request"

    def test_a_resolved_dead_letter_is_not_replayed_again(self) -> None:
        assert planned(replace(a_dead_letter(), settlement=RESOLUTION)).forecast.word == "settled"

    def test_a_plan_writes_nothing(self) -> None:
        ledger = MemoryLedger()
        planned(a_dead_letter(), ledger)
        assert ledger.read(release_key("msg-m-1")) is None


class TestResolving:
    def test_a_replay_is_published_and_recorded(self) -> None:
        ledger, publisher, kept = MemoryLedger(), FakePublisher(), a_dead_letter()
        keep(ledger, kept)
        plan = planned(kept, ledger)
        publish_replays([plan], ledger, publisher=publisher, topic="requests", by="ann", reason="the job is back")
        assert len(publisher.published["requests"]) == 1
        settlement = find_dead_letter(ledger, kept.letter.dead_letter_id).settlement
        assert settlement
        assert (settlement.action, settlement.by, settlement.reason) == ("replayed", "ann", "the job is back")

    def test_the_first_resolution_is_kept(self) -> None:
        ledger, kept = MemoryLedger(), a_dead_letter()
        keep(ledger, kept)
        record_resolution(ledger, kept.letter.dead_letter_id, RESOLUTION)
        assert (
            record_resolution(ledger, kept.letter.dead_letter_id, replace(RESOLUTION, by="bob")).settlement
            == RESOLUTION
        )

    def test_resolved_dead_letters_are_not_listed_unless_asked_for(self) -> None:
        ledger, kept = MemoryLedger(), a_dead_letter()
        keep(ledger, kept, replace(a_dead_letter(a_message("m-2")), settlement=RESOLUTION))
        assert [one.letter.message_id for one in read_dead_letters(ledger)] == ["m-1"]
        assert len(list(read_dead_letters(ledger, include_resolved=True))) == 2
        assert list(read_dead_letters(ledger, group="0" * 16)) == []


class TestCommands:
    @pytest.fixture
    def ledger(self, tmp_path: Path) -> str:
        url = f"sqlite://{tmp_path}/ledger.db"
        secret = {**REQUEST, "params": {"API_TOKEN": "hunter2"}}
        keep(open_ledger(url), a_dead_letter(a_message(data=json.dumps(secret).encode(), token="s3cr3t")))
        return url

    @pytest.fixture
    def dead_letter_id(self, ledger: str) -> str:
        return next(read_dead_letters(open_ledger(ledger))).letter.dead_letter_id

    def test_show_prints_why_first_and_hides_credentials(
        self, ledger: str, dead_letter_id: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["dead-letters", "show", dead_letter_id, "--ledger", ledger]) == 0
        out = capsys.readouterr().out
        assert out.splitlines()[1] == "  The route's Cloud Run job does not exist."
        assert "hunter2" not in out
        assert "s3cr3t" not in out
        assert f"interlock dead-letters replay {dead_letter_id}" in out

    def test_raw_is_the_message_itself(
        self, ledger: str, dead_letter_id: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["dead-letters", "show", dead_letter_id, "--raw", "--json", "--ledger", ledger]) == 0
        document = json.loads(capsys.readouterr().out)
        assert json.loads(document["payload"])["params"] == {"API_TOKEN": "hunter2"}
        assert document["attributes"] == {"token": "s3cr3t"}

    def test_discard_records_who_and_why(
        self, ledger: str, dead_letter_id: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        discard = [
            "dead-letters",
            "discard",
            dead_letter_id,
            "--reason",
            "sent twice",
            "--by",
            "ann",
            "--ledger",
            ledger,
        ]
        assert run(discard) == 0
        assert run(discard) == 1
        assert "was discarded by ann already" in capsys.readouterr().err
        assert run(["dead-letters", "show", dead_letter_id, "--ledger", ledger]) == 0
        assert "discarded by ann: sent twice" in capsys.readouterr().out

    def test_without_yes_a_replay_only_prints_what_would_happen(
        self, ledger: str, dead_letter_id: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        where = ["--ledger", ledger, "--routes", str(ROUTES), "--topic", "t", "--endpoint", "127.0.0.1:1"]
        assert run(["dead-letters", "replay", dead_letter_id, *where]) == 0
        assert "starts at once: route local, job release-agent, lane staging/default" in capsys.readouterr().out
        assert next(read_dead_letters(open_ledger(ledger))).settlement is None

    def test_list_groups_by_cause(self, ledger: str, capsys: pytest.CaptureFixture[str]) -> None:
        keep(open_ledger(ledger), a_dead_letter(a_message("m-2")), a_dead_letter(a_message("m-3"), reason="permission"))
        assert run(["dead-letters", "list", "--group", "--json", "--ledger", ledger]) == 0
        groups = json.loads(capsys.readouterr().out)
        assert sorted((one["reason"], one["count"]) for one in groups) == [("job_not_found", 2), ("permission", 1)]

    @pytest.mark.parametrize("verb", ["show", "replay", "discard"])
    def test_an_unknown_dead_letter_is_a_failure(
        self, verb: str, ledger: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        extra = {"discard": ["--reason", "x"], "replay": ["--routes", str(ROUTES), "--topic", "t"]}.get(verb, [])
        assert run(["dead-letters", verb, "dl-none", "--ledger", ledger, *extra]) == 1
        assert "no dead letter dl-none" in capsys.readouterr().err


@pytest.mark.parametrize("reason", sorted(set(REASONS) - {"unknown"}))
def test_every_reason_is_explained(reason: str) -> None:
    assert REASON_TEXTS[reason].fix
