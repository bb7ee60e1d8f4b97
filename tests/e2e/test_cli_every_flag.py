"""Every command with every flag, on the running stack, over both ledgers: a story whose lines are told in order."""

import json
import os
import shlex
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template

import pytest

from interlock.domain.dead_letters.stored import StoredDeadLetter
from interlock.domain.releases.model import State
from interlock_local.emulators.google_emulators import find_emulator
from interlock_local.stack import names
from tests.cli.cases import Case
from tests.cli.test_json import command_of, documents, validator
from tests.docs.generate import command_paths, find
from tests.e2e.stack import COMMAND, Stack, wait_until
from tests.e2e.story import make_routes


@dataclass(frozen=True, slots=True)
class Line:
    """A command line and how it ends; `says` stands in its output or in what it tells beside it."""

    text: str
    code: int = 0
    says: str = ""


STORY = (
    Line("validate $FILE --json"),
    Line("publish $FILE --topic $TOPIC --endpoint $PUBSUB --json", says="message_id"),
    Line("publish $FILE --set release_id=$NAME-4 --wait --timeout 60s --ledger $LEDGER --cancel-on-interrupt"),
    Line("wait $NAME-4 --ledger $LEDGER --timeout 1m --json", says="succeeded"),
    Line("releases list --ledger $LEDGER --lane $LANE --env $NAME --state open --since 1h --limit 5 --json", says="-2"),
    Line("releases list --state succeeded --state failed", says="$NAME-4"),
    Line("releases show $NAME-1 --ledger $LEDGER --json", says="started"),
    Line("releases show $NAME-2", says="queued"),
    Line("lanes list --ledger $LEDGER --all --json", says="$LANE"),
    Line("lanes show $LANE --ledger $LEDGER --json", says="$NAME-2"),
    Line("logs $NAME-1 --ledger $LEDGER --endpoint 127.0.0.1:1 --json", says="deploying"),
    Line("watch --ledger $LEDGER --every 0.2 --timeout 1s --json", 5, says="$NAME-1"),
    Line("releases cancel $NAME-2 --topic $TOPIC --endpoint $PUBSUB --by ann --reason wrong --json", says="message_id"),
    Line("wait $NAME-2 --timeout 60s", 3, says="ann"),
    Line("releases cancel $NAME-1"),
    Line("logs $NAME-1 -f", says="cancelled"),
    Line("logs $NAME-4 --follow"),
    Line("watch --until-idle --timeout 60s"),
    Line("doctor --json", 1, says="you may not look at it"),
    Line("dead-letters list --ledger $LEDGER --limit 1 --json", says="dl-"),
    Line("dead-letters list --group --all", says="schema"),
    Line("dead-letters show $BROKEN --ledger $LEDGER --raw --json", says="nonsense"),
    Line("dead-letters replay $BROKEN --edit -y --by ann --reason mended --json", says='"published": true'),
    Line("wait $NAME-5 --timeout 60s", says="succeeded"),
    Line(
        "dead-letters replay --group $GROUP --ledger $LEDGER --routes $ROUTES --topic $TOPIC --endpoint $PUBSUB --yes",
        2,
        says="rejected again",
    ),
    Line("dead-letters discard $STRAY --ledger $LEDGER --by ann --reason 'sent twice' --json", says="sent twice"),
    Line("routes check $ROUTES --json", says="usual"),
    Line("routes explain $ROUTES $FILE --json", says="usual"),
    Line("--local --debug releases list"),
    Line("--instance here releases show $NAME-4", says="succeeded"),
    Line("--project acme --database other releases list", 1, says="error:"),
    Line("local env --state $STATE --json", says="INTERLOCK_LEDGER"),
    Line("--install-completion"),
    Line("--show-completion", says="_INTERLOCK_COMPLETE"),
)
STACK_OF_ITS_OWN = (
    Line(
        "local up --detach --state $OWN --routes $ROUTES --pubsub embedded --ledger sqlite --port-base 0 "
        "--reconcile-every 5 --json",
        says="ready",
    ),
    Line("local env --state $OWN", says="export INTERLOCK_LEDGER="),
    Line(
        "local up -d --state $OWN-box --port-base 0 --container --container-tool no-such-tool", 1, says="install podman"
    ),
    Line("local up -d --state $OWN", 1, says="error:"),
    Line("local down --state $OWN --json", says="true"),
    Line("local demo --state $OWN-demo --seconds 90 --json", says='"ok": true'),
)
HELP = {"--help", "-h"}


def flags_of(path: str) -> set[str]:
    command, context = find(path)
    return {f"{path} {flag}" for one in command.get_params(context) for flag in one.opts if flag.startswith("-")}


def exercised() -> Iterator[str]:
    for line in (*STORY, *STACK_OF_ITS_OWN):
        words = shlex.split(line.text)
        before = ["interlock"]
        paths = {tuple(path.split()) for path in command_paths()}
        for word in words:
            if word.startswith("-"):
                yield f"{' '.join(before)} {word}"
            elif (*before, word) in paths:
                before.append(word)
        yield " ".join(before)


def test_every_command_and_every_flag_is_in_the_story() -> None:
    commands = {path for path in command_paths() if not getattr(find(path)[0], "commands", None)}
    flags = {flag for path in command_paths() for flag in flags_of(path) if flag.rsplit(" ", 1)[1] not in HELP}
    assert (commands | flags) - set(exercised()) == set()


@contextmanager
def a_stage(stack: Stack, folder: Path) -> Iterator[dict[str, str]]:
    """Make a lane with a holder and one who waits, and three dead letters; yield the words of the story."""
    name = f"flags-{stack.plan.ledger}"
    stack.publish(stack.a_request(f"{name}-1", target_env=name, script="echo deploying now; sleep 100"))
    wait_until(lambda: (one := stack.release(f"{name}-1")) and one.state is State.STARTED)
    stack.publish(stack.a_request(f"{name}-2", target_env=name))
    wait_until(lambda: stack.release(f"{name}-2"))
    (folder / "release.json").write_text(json.dumps(stack.a_request(f"{name}-3", target_env=f"{name}-other")))
    mended = json.dumps(stack.a_request(f"{name}-5", target_env=f"{name}-other"))
    (folder / "mended.json").write_text(mended)
    letters = [letter(stack, {**json.loads(mended), "nonsense": True}), letter(stack, {"release_id": f"{name}-6"})]
    group = letter(stack, stack.a_request(f"{name}-7", deployment_type="by-hand"))
    yield {
        "NAME": name,
        "LANE": f"{name}/default",
        "FILE": str(folder / "release.json"),
        "STATE": str(stack.plan.state),
        "TOPIC": names.REQUESTS,
        "PUBSUB": stack.plan.address(names.PUBSUB),
        "LEDGER": stack.environment["INTERLOCK_LEDGER"],
        "ROUTES": str(stack.plan.routes_copy),
        "BROKEN": letters[0].letter.dead_letter_id,
        "STRAY": letters[1].letter.dead_letter_id,
        "GROUP": group.letter.fingerprint,
    }


def letter(stack: Stack, request: dict[str, object]) -> StoredDeadLetter:
    stack.publish(request)

    def look() -> StoredDeadLetter | None:
        kept = (one for one in stack.ledger.newest("dead_letters") if isinstance(one, StoredDeadLetter))
        return next((one for one in kept if one.letter.release_id == request["release_id"]), None)

    found = wait_until(look)
    assert found
    return found


def tell(line: Line, words: dict[str, str], environment: dict[str, str]) -> None:
    """Run the line from a shell, as people do, and hold it to its end, its words and its shape."""
    text = Template(line.text).substitute({name: shlex.quote(word) for name, word in words.items()})
    script = f"{shlex.join(COMMAND)} {text}; exit $?"
    done = subprocess.run(
        ["bash", "-c", script], env=environment, capture_output=True, text=True, check=False, timeout=180
    )
    told = f"$ interlock {text}\n{done.stdout}\n{done.stderr}"
    assert done.returncode == line.code, told
    assert Template(line.says).substitute(words) in done.stdout + done.stderr, told
    assert "Traceback" not in done.stderr or "--debug" in text, told
    if "--json" in text:
        path = command_of(Case("", text))
        found = [error.message for one in documents(path, done.stdout) for error in validator(path).iter_errors(one)]
        assert found == [], told


def environment_of(stack: Stack, folder: Path) -> dict[str, str]:
    ours = ("INTERLOCK_", "GOOGLE_CLOUD_", "PUBSUB_", "FIRESTORE_")
    instances = {"here": {key: value for key, value in stack.environment.items() if key.startswith(ours)}}
    return {
        **stack.environment,
        "EDITOR": f"cp {folder / 'mended.json'}",
        "VISUAL": "",
        "HOME": str(folder),
        "SHELL": "/bin/bash",
        "INTERLOCK_INSTANCES": json.dumps(instances),
        "GOOGLE_APPLICATION_CREDENTIALS": "/nowhere.json",
    }


@pytest.mark.slow
@pytest.mark.parametrize("ledger", ["sqlite", "official"])
def test_the_story_is_told_over_both_ledgers(
    ledger: str, own_stack: Callable[..., Stack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if ledger == "official" and find_emulator("firestore") is None:
        pytest.skip("Google's Firestore emulator or Java is missing")
    stack = own_stack(ledger=ledger, reconcile_every=1.0, routes=make_routes(tmp_path))
    if ledger == "official":
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", stack.environment["FIRESTORE_EMULATOR_HOST"])
    environment = environment_of(stack, tmp_path)
    with a_stage(stack, tmp_path) as words:
        for line in STORY:
            tell(line, words, environment)


@pytest.mark.slow
def test_a_stack_comes_and_goes_at_the_command_line(tmp_path: Path) -> None:
    words = {"OWN": str(tmp_path / "own"), "ROUTES": str(make_routes(tmp_path))}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("INTERLOCK_")}
    for line in STACK_OF_ITS_OWN:
        tell(line, words, clean)
