"""One task from its sources to its ending, inside a working directory that is the caller's to remove."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from interlock_agent.archive import unpack
from interlock_agent.environment import Identity, Work
from interlock_agent.exit_codes import ExitCode, Refused, container_code
from interlock_agent.log import Log
from interlock_agent.masking import Mask
from interlock_agent.output import Output
from interlock_agent.results import Ending, Outcome, read_outputs
from interlock_agent.script import Command, command_line, find_inside, run_script, script_environment
from interlock_agent.sources import Fetched, Trust, fetch
from interlock_agent.stop import Stop, Stopped
from interlock_agent.stores import ResultStore

_PROGRESS_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Scene:
    """Where the task runs: directory, container's variables, log, the secrets to mask, the platform's wish to end."""

    directory: Path
    environ: Mapping[str, str]
    log: Log
    mask: Mask
    stop: Stop


@dataclass(slots=True)
class Deployment:
    """The task as it goes on; what has been found out so far is told even if the next step fails."""

    identity: Identity
    work: Work
    scene: Scene
    store: ResultStore
    used: dict[str, Fetched] = field(default_factory=dict)

    def run(self) -> Ending:
        """Fetch, verify, unpack and run; whatever happens is an ending, never an exception."""
        try:
            return self._run()
        except Refused as refusal:
            return Ending("refused", refusal.code, reason=refusal.reason, used=self.used)
        except Stopped:
            reason = "told to end before the script ran"
            return Ending("terminated", ExitCode.TERMINATED, reason=reason, used=self.used)

    def _run(self) -> Ending:
        manifest = self._manifest()
        artifact = self._artifact()
        stage = Stage(self, artifact, self._script(artifact), Output(self.scene.log, self.scene.mask))
        self.scene.log.info("script started", script=self.work.script[:200])
        if manifest is None:
            return self._ending(stage, stage.play("outputs", {}))
        from interlock_agent.share import play_share  # noqa: PLC0415 - only for a manifest

        summary = play_share(manifest, stage)
        return self._ending(stage, summary.return_code, items=summary.as_dict())

    def _ending(self, stage: "Stage", return_code: int, *, items: Mapping[str, object] | None = None) -> Ending:
        return Ending(
            outcome=self._outcome(return_code),
            exit_code=container_code(return_code),
            return_code=return_code,
            outputs=stage.outputs,
            error_lines=stage.output.error_lines,
            used=self.used,
            items=items,
        )

    def _outcome(self, return_code: int) -> Outcome:
        if self.scene.stop.is_asked:
            return "terminated"
        return "success" if return_code == 0 else "failure"

    def _manifest(self) -> Path | None:
        if self.work.manifest is None:
            return None
        path = self.scene.directory / "manifest.json"
        self._fetch("manifest", self.work.manifest, path, sha256=self.work.manifest_sha256)
        return path

    def _artifact(self) -> Path:
        """Return the directory the script runs in: the artifact's content, or an empty one without an artifact."""
        unpacked = self.scene.directory / "artifact"
        unpacked.mkdir()
        if self.work.artifact is not None:
            packed = self.scene.directory / "artifact.packed"
            self._fetch("artifact", self.work.artifact, packed, sha256=self.work.artifact_sha256)
            unpack(packed, unpacked, limits=self.work.limits)
            packed.unlink()
        return unpacked

    def _script(self, artifact: Path) -> Path:
        if self.work.is_script_inside:
            script = find_inside(artifact, self.work.script)
            self._check_inside(script)
            return script
        directory = self.scene.directory / "script"
        directory.mkdir()
        script = directory / (PurePosixPath(unquote(urlsplit(self.work.script).path)).name[:200] or "script")
        self._fetch("script", self.work.script, script, sha256=self.work.script_sha256)
        return script

    def _check_inside(self, script: Path) -> None:
        """Hold the artifact's script to its digest as well, through the same reader as any other source."""
        trust = Trust(("file://",), self.work.limits)
        copy = self.scene.directory / "script.checked"
        self.used["script"] = fetch(script.as_uri(), copy, trust=trust, sha256=self.work.script_sha256)
        copy.unlink()

    def _fetch(self, what: str, uri: str, target: Path, *, sha256: str | None) -> None:
        work = self.work
        trust = Trust(work.allowed_sources, work.limits, work.credentials, _Progress(self.scene.log, what))
        fetched = fetch(uri, target, trust=trust, sha256=sha256)
        self.used[what] = fetched
        self.scene.log.info("fetched", target=what, sha256=fetched.sha256, generation=fetched.generation)


@dataclass(slots=True)
class Stage:
    """All that is ready for the script: it can be played once, or once for each item."""

    deployment: Deployment
    artifact: Path
    script: Path
    output: Output
    outputs: dict[str, str] = field(default_factory=dict)

    def play(self, outputs_name: str, more: Mapping[str, str], *, prefix: str = "") -> int:
        """Run the script and take in its outputs; return its code, negative for a signal."""
        own, scene = self.deployment, self.deployment.scene
        path = scene.directory / outputs_name
        path.touch()
        places = {"ARTIFACT_DIR": str(self.artifact), "RELEASE_OUTPUTS": str(path)}
        release = {**own.work.variables, **more, **places, "RELEASE_ID": own.identity.release_id}
        argv = command_line(self.script, own.work.script_args)
        command = Command(argv, self.artifact, script_environment(scene.environ, release))
        return_code = run_script(command, self.output, scene.stop)
        self.outputs |= {f"{prefix}{key}": value for key, value in read_outputs(path).items()}
        return return_code


class _Progress:
    """Tells how far a large download has come, every 64 MiB."""

    def __init__(self, log: Log, what: str) -> None:
        self._log = log
        self._what = what
        self._next = _PROGRESS_BYTES

    def __call__(self, size: int) -> None:
        if size >= self._next:
            self._next = size + _PROGRESS_BYTES
            self._log.info("fetching", target=self._what, bytes=size)
