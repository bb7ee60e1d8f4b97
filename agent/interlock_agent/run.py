"""One task from its inputs to its result, inside a working directory that is the caller's to remove."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from interlock_agent.archives.unpack import unpack
from interlock_agent.errors import Refused
from interlock_agent.exit_codes import ExitCode, container_code
from interlock_agent.log import Log
from interlock_agent.masking.mask import Mask
from interlock_agent.results.interface import ResultStore
from interlock_agent.results.task_result import Outcome, TaskResult
from interlock_agent.script.command import find_in_artifact
from interlock_agent.script.output_streams import OutputStreams
from interlock_agent.script.prepared_script import PreparedScript
from interlock_agent.script.termination import Terminated, Termination
from interlock_agent.sources.inputs import Inputs
from interlock_agent.sources.interface import FetchPolicy
from interlock_agent.task_identity import TaskIdentity
from interlock_agent.task_settings import ReleaseSettings


@dataclass(frozen=True, slots=True)
class RunContext:
    """What surrounds the task: its working directory, the container's variables, log, mask and termination."""

    directory: Path
    environ: Mapping[str, str]
    log: Log
    mask: Mask
    termination: Termination


def run_release(
    identity: TaskIdentity, release: ReleaseSettings, store: ResultStore, context: RunContext
) -> TaskResult:
    """Fetch, verify, unpack and run; the result has all inputs fetched so far, and only a defect is an exception."""
    policy = FetchPolicy(release.allowed_sources, release.limits, release.credentials)
    inputs = Inputs(policy, context.log)
    try:
        return _Run(identity, release, store, context, inputs).run()
    except Refused as refusal:
        return TaskResult("refused", refusal.code, reason=refusal.reason, inputs=inputs.fetched)
    except Terminated:
        reason = "terminated before the script ran"
        return TaskResult("terminated", ExitCode.TERMINATED, reason=reason, inputs=inputs.fetched)


@dataclass(frozen=True, slots=True)
class _Run:
    identity: TaskIdentity
    release: ReleaseSettings
    store: ResultStore
    context: RunContext
    inputs: Inputs

    def run(self) -> TaskResult:
        manifest = self._manifest()
        artifact = self._artifact()
        script = self._prepared(self._script(artifact), artifact)
        self.context.log.info("script started", script=self.release.script[:200])
        if manifest is not None:
            return self._run_items(manifest, script)
        return self._result(script, script.run(self.context.directory / "outputs", {}))

    def _run_items(self, path: Path, script: PreparedScript) -> TaskResult:
        # only a release with a manifest needs these modules
        from interlock_agent.items.checkpoints import Checkpoints  # noqa: PLC0415
        from interlock_agent.items.manifest import read_manifest  # noqa: PLC0415
        from interlock_agent.items.run_items import ItemsRun  # noqa: PLC0415

        manifest = read_manifest(path)
        checkpoints = Checkpoints(self.identity, self.store, self.context.log)
        checkpoints.pin_manifest(self.inputs.fetched["manifest"])
        summary = ItemsRun(script, checkpoints, self.context.directory / "items").run(manifest)
        return self._result(script, summary.return_code, items=summary.as_dict())

    def _result(
        self, script: PreparedScript, return_code: int, *, items: Mapping[str, object] | None = None
    ) -> TaskResult:
        return TaskResult(
            outcome=self._outcome(return_code),
            exit_code=container_code(return_code),
            return_code=return_code,
            outputs=script.outputs,
            error_lines=script.streams.error_lines,
            inputs=self.inputs.fetched,
            items=items,
        )

    def _outcome(self, return_code: int) -> Outcome:
        if self.context.termination.is_requested:
            return "terminated"
        return "success" if return_code == 0 else "failure"

    def _manifest(self) -> Path | None:
        if self.release.manifest is None:
            return None
        path = self.context.directory / "manifest.json"
        self.inputs.fetch("manifest", self.release.manifest, path, sha256=self.release.manifest_sha256)
        return path

    def _artifact(self) -> Path:
        """Return the directory the script runs in: the artifact's content, or an empty one without an artifact."""
        unpacked = self.context.directory / "artifact"
        unpacked.mkdir()
        if self.release.artifact is not None:
            packed = self.context.directory / "artifact.packed"
            self.inputs.fetch("artifact", self.release.artifact, packed, sha256=self.release.artifact_sha256)
            unpack(packed, unpacked, limits=self.release.limits)
            packed.unlink()
        return unpacked

    def _script(self, artifact: Path) -> Path:
        if self.release.is_script_in_artifact:
            path = find_in_artifact(artifact, self.release.script)
            copy = self.context.directory / "script.checked"
            self.inputs.verify("script", path, copy=copy, sha256=self.release.script_sha256)
            return path
        directory = self.context.directory / "script"
        directory.mkdir()
        path = directory / (PurePosixPath(unquote(urlsplit(self.release.script).path)).name[:200] or "script")
        self.inputs.fetch("script", self.release.script, path, sha256=self.release.script_sha256)
        return path

    def _prepared(self, path: Path, artifact: Path) -> PreparedScript:
        return PreparedScript(
            path=path,
            artifact=artifact,
            args=self.release.script_args,
            variables={**self.release.variables, "RELEASE_ID": self.identity.release_id},
            environ=self.context.environ,
            streams=OutputStreams(self.context.log, self.context.mask),
            termination=self.context.termination,
        )
