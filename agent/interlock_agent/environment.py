"""Reads the task from its environment variables; past this file nobody reads os.environ."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from interlock_agent.credentials import BadCredentials, SourceCredential, read_credentials
from interlock_agent.limits import LIMIT_VARIABLES, Limits
from interlock_agent.stores import is_store

_PARAM = re.compile(r"RELEASE_PARAM_[A-Z][A-Z0-9_]*")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_NUMBER = re.compile(r"[0-9]{1,18}")
_NEVER_LENT = re.compile(r"INTERLOCK_|CLOUD_RUN_|LD_|PYTHON|BASH|ENV$|SHELLOPTS$|IFS$|RELEASE_|ARTIFACT_DIR$")
_RELEASE_VARIABLES = ("RELEASE_VERSION", "TARGET_ENV", "SERVICE", "RELEASE_TASK")
_DEFAULT_SOURCES = ("https://", "gs://")


@dataclass(frozen=True, slots=True)
class Identity:
    """Which attempt of which release this is, which task of which execution, and where its results go."""

    release_id: str
    attempt: int
    fence: int
    execution: str
    task_index: int
    task_attempt: int
    results: str
    task_count: int = 1

    @property
    def attempt_prefix(self) -> str:
        """Under which name the attempt's fence lies; the id is percent-encoded, so it is always one segment."""
        return f"{quote(self.release_id, safe='')}/{self.attempt}"


@dataclass(frozen=True, slots=True)
class Work:
    """What the release asks for: sources with their digests, the script, its words and variables."""

    script: str
    artifact: str | None
    artifact_sha256: str | None
    script_sha256: str | None
    script_args: tuple[str, ...]
    variables: Mapping[str, str]
    allowed_sources: tuple[str, ...]
    limits: Limits
    credentials: tuple[SourceCredential, ...] = ()
    manifest: str | None = None
    manifest_sha256: str | None = None

    @property
    def is_script_inside(self) -> bool:
        """Whether the script is a path inside the artifact rather than a URI of its own."""
        return "://" not in self.script


@dataclass(frozen=True, slots=True)
class Task:
    """The environment, read. `problems` lists all that is wrong with it, each with its variable's name."""

    identity: Identity | None
    work: Work | None
    problems: tuple[str, ...]


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def get(self, name: str) -> str | None:
        return self._environ.get(name) or None

    def required(self, name: str) -> str:
        text = self.get(name)
        if text is None:
            self.wrong(name, "is missing")
        return text or ""

    def wrong(self, name: str, what: str) -> None:
        self.problems.append(f"{name} {what}")

    def number(self, name: str, default: int | None = None) -> int:
        text = self.get(name)
        if text is None and default is not None:
            return default
        if text is None or not _NUMBER.fullmatch(text):
            self.wrong(name, "is missing" if text is None else f"must be a whole number, not {text[:40]!r}")
            return 0
        return int(text)

    def digest(self, name: str) -> str | None:
        text = self.get(name)
        if text is not None and not _SHA256.fullmatch(text):
            self.wrong(name, f"must be 64 hexadecimal digits, not {text[:80]!r}")
        return text.lower() if text else None


def read_task(environ: Mapping[str, str], needed: Sequence[str] = ()) -> Task:
    """Return the task, or every problem at once; the identity stands alone so that a refusal can be recorded."""
    reader = _Reader(environ)
    identity = _identity(reader)
    is_known = not reader.problems
    work = _work(reader, environ)
    for name in needed:
        reader.required(name)
    problems = tuple(reader.problems)
    return Task(identity if is_known else None, None if problems else work, problems)


def _identity(reader: _Reader) -> Identity:
    return Identity(
        release_id=_release_id(reader),
        attempt=reader.number("INTERLOCK_ATTEMPT"),
        fence=reader.number("INTERLOCK_FENCE"),
        execution=reader.required("CLOUD_RUN_EXECUTION"),
        task_index=reader.number("CLOUD_RUN_TASK_INDEX", default=0),
        task_attempt=reader.number("CLOUD_RUN_TASK_ATTEMPT", default=0),
        results=_results(reader),
        task_count=max(1, reader.number("CLOUD_RUN_TASK_COUNT", default=1)),
    )


def _release_id(reader: _Reader) -> str:
    text = reader.required("INTERLOCK_RELEASE_ID")
    if text in {".", ".."} or any("\ud800" <= character <= "\udfff" for character in text):
        reader.wrong("INTERLOCK_RELEASE_ID", f"must be UTF-8 text and no dot segment, not {text[:80]!r}")
    return text


def _results(reader: _Reader) -> str:
    text = reader.required("INTERLOCK_RESULTS")
    if text and not is_store(text):
        reader.wrong("INTERLOCK_RESULTS", f"must be file:///DIR or gs://BUCKET/PREFIX, not {text[:120]!r}")
    return text


def _work(reader: _Reader, environ: Mapping[str, str]) -> Work:
    work = Work(
        script=reader.required("DEPLOYMENT_SCRIPT"),
        artifact=reader.get("ARTIFACT_PATH"),
        artifact_sha256=reader.digest("ARTIFACT_SHA256"),
        script_sha256=reader.digest("SCRIPT_SHA256"),
        script_args=_script_args(reader),
        variables=_variables(environ),
        allowed_sources=tuple((reader.get("INTERLOCK_ALLOWED_SOURCES") or "").split()) or _DEFAULT_SOURCES,
        limits=_limits(reader),
        credentials=_credentials(reader, environ),
        manifest=reader.get("MANIFEST_PATH"),
        manifest_sha256=reader.digest("MANIFEST_SHA256"),
    )
    _check_together(reader, work)
    return work


def _check_together(reader: _Reader, work: Work) -> None:
    if work.script and work.is_script_inside and work.artifact is None:
        reader.wrong("DEPLOYMENT_SCRIPT", "must be a URI, as there is no ARTIFACT_PATH to hold it")
    if work.artifact is None and work.artifact_sha256 is not None:
        reader.wrong("ARTIFACT_SHA256", "is given without ARTIFACT_PATH")
    if work.manifest is None and work.manifest_sha256 is not None:
        reader.wrong("MANIFEST_SHA256", "is given without MANIFEST_PATH")


def _script_args(reader: _Reader) -> tuple[str, ...]:
    found = _json(reader.get("SCRIPT_ARGS") or "[]")
    if isinstance(found, list) and all(isinstance(word, str) and "\0" not in word for word in found):
        return tuple(found)
    reader.wrong("SCRIPT_ARGS", "must be a JSON list of strings")
    return ()


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _variables(environ: Mapping[str, str]) -> dict[str, str]:
    lent = {name for name in environ.get("INTERLOCK_SCRIPT_VARIABLES", "").split() if not _NEVER_LENT.match(name)}
    return {
        name: value
        for name, value in environ.items()
        if name in _RELEASE_VARIABLES or name in lent or _PARAM.fullmatch(name)
    }


def _credentials(reader: _Reader, environ: Mapping[str, str]) -> tuple[SourceCredential, ...]:
    try:
        return read_credentials(environ)
    except BadCredentials as problem:
        reader.wrong("INTERLOCK_SOURCE_CREDENTIALS", str(problem))
        return ()


def _limits(reader: _Reader) -> Limits:
    asked = {field: reader.number(name) for name, field in LIMIT_VARIABLES.items() if reader.get(name)}
    return Limits(**asked)
