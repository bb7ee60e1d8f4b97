"""Reads the task's settings from its environment variables; past this file nobody reads os.environ."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from interlock_agent.environment_reader import EnvironmentReader
from interlock_agent.limits import LIMIT_VARIABLES, Limits
from interlock_agent.results.open_store import is_store_uri
from interlock_agent.sources.credentials import BadCredentials, SourceCredential, read_credentials
from interlock_agent.task_identity import TaskIdentity

_PARAM = re.compile(r"RELEASE_PARAM_[A-Z][A-Z0-9_]*")
_NEVER_PASSED_ON = re.compile(r"INTERLOCK_|CLOUD_RUN_|LD_|PYTHON|BASH|ENV$|SHELLOPTS$|IFS$|RELEASE_|ARTIFACT_DIR$")
_RELEASE_VARIABLES = ("RELEASE_VERSION", "TARGET_ENV", "SERVICE", "RELEASE_TASK")
_DEFAULT_SOURCES = ("https://", "gs://")


@dataclass(frozen=True, slots=True)
class ReleaseSettings:
    """What the release asks for: sources with their digests, the script with its arguments and variables."""

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
    def is_script_in_artifact(self) -> bool:
        """Whether the script is a path inside the artifact rather than a URI of its own."""
        return "://" not in self.script


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """The environment, read. `problems` lists all that is wrong with it, each with its variable's name."""

    identity: TaskIdentity | None
    release: ReleaseSettings | None
    problems: tuple[str, ...]


def read_task_settings(environ: Mapping[str, str], required: Sequence[str] = ()) -> TaskSettings:
    """Return the settings, or every problem at once; the identity stands alone so that a refusal can be recorded."""
    reader = EnvironmentReader(environ)
    identity = _identity(reader)
    is_identified = not reader.problems
    release = _release(reader, environ)
    for name in required:
        reader.required(name)
    problems = tuple(reader.problems)
    return TaskSettings(identity if is_identified else None, None if problems else release, problems)


def _identity(reader: EnvironmentReader) -> TaskIdentity:
    return TaskIdentity(
        release_id=_release_id(reader),
        attempt=reader.number("INTERLOCK_ATTEMPT"),
        fencing_token=reader.number("INTERLOCK_FENCE"),
        execution=reader.required("CLOUD_RUN_EXECUTION"),
        task_index=reader.number("CLOUD_RUN_TASK_INDEX", default=0),
        task_attempt=reader.number("CLOUD_RUN_TASK_ATTEMPT", default=0),
        results=_results(reader),
        task_count=max(1, reader.number("CLOUD_RUN_TASK_COUNT", default=1)),
    )


def _release_id(reader: EnvironmentReader) -> str:
    text = reader.required("INTERLOCK_RELEASE_ID")
    if text in {".", ".."} or any("\ud800" <= character <= "\udfff" for character in text):
        reader.add_problem("INTERLOCK_RELEASE_ID", f"must be UTF-8 text and no dot segment, not {text[:80]!r}")
    return text


def _results(reader: EnvironmentReader) -> str:
    text = reader.required("INTERLOCK_RESULTS")
    if text and not is_store_uri(text):
        reader.add_problem("INTERLOCK_RESULTS", f"must be file:///DIR or gs://BUCKET/PREFIX, not {text[:120]!r}")
    return text


def _release(reader: EnvironmentReader, environ: Mapping[str, str]) -> ReleaseSettings:
    release = ReleaseSettings(
        script=reader.required("DEPLOYMENT_SCRIPT"),
        artifact=reader.optional("ARTIFACT_PATH"),
        artifact_sha256=reader.sha256("ARTIFACT_SHA256"),
        script_sha256=reader.sha256("SCRIPT_SHA256"),
        script_args=_script_args(reader),
        variables=_script_variables(environ),
        allowed_sources=tuple((reader.optional("INTERLOCK_ALLOWED_SOURCES") or "").split()) or _DEFAULT_SOURCES,
        limits=_limits(reader),
        credentials=_credentials(reader, environ),
        manifest=reader.optional("MANIFEST_PATH"),
        manifest_sha256=reader.sha256("MANIFEST_SHA256"),
    )
    _check_combination(reader, release)
    return release


def _check_combination(reader: EnvironmentReader, release: ReleaseSettings) -> None:
    if release.script and release.is_script_in_artifact and release.artifact is None:
        reader.add_problem("DEPLOYMENT_SCRIPT", "must be a URI, as there is no ARTIFACT_PATH to hold it")
    if release.artifact is None and release.artifact_sha256 is not None:
        reader.add_problem("ARTIFACT_SHA256", "is given without ARTIFACT_PATH")
    if release.manifest is None and release.manifest_sha256 is not None:
        reader.add_problem("MANIFEST_SHA256", "is given without MANIFEST_PATH")


def _script_args(reader: EnvironmentReader) -> tuple[str, ...]:
    found = _json(reader.optional("SCRIPT_ARGS") or "[]")
    if isinstance(found, list) and all(isinstance(arg, str) and "\0" not in arg for arg in found):
        return tuple(found)
    reader.add_problem("SCRIPT_ARGS", "must be a JSON list of strings")
    return ()


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _script_variables(environ: Mapping[str, str]) -> dict[str, str]:
    named = environ.get("INTERLOCK_SCRIPT_VARIABLES", "").split()
    passed_on = {name for name in named if not _NEVER_PASSED_ON.match(name)}
    return {
        name: value
        for name, value in environ.items()
        if name in _RELEASE_VARIABLES or name in passed_on or _PARAM.fullmatch(name)
    }


def _credentials(reader: EnvironmentReader, environ: Mapping[str, str]) -> tuple[SourceCredential, ...]:
    try:
        return read_credentials(environ)
    except BadCredentials as problem:
        reader.add_problem("INTERLOCK_SOURCE_CREDENTIALS", str(problem))
        return ()


def _limits(reader: EnvironmentReader) -> Limits:
    found = {field: reader.number(name) for name, field in LIMIT_VARIABLES.items() if reader.optional(name)}
    return Limits(**found)
