"""A script with all that it needs to run: once for the release, or once for each item of a manifest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from interlock_agent.script.command import Command, command_line, script_environment
from interlock_agent.script.output_streams import OutputStreams
from interlock_agent.script.process import run_command
from interlock_agent.script.release_outputs import MOST_OUTPUTS, read_outputs
from interlock_agent.script.termination import Termination


@dataclass(frozen=True, slots=True)
class PreparedScript:
    """The script's file, its working directory (the unpacked artifact), arguments and variables."""

    path: Path
    artifact: Path
    args: Sequence[str]
    variables: Mapping[str, str]
    environ: Mapping[str, str]
    streams: OutputStreams
    termination: Termination
    _outputs: dict[str, str] = field(default_factory=dict, init=False)

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs of all runs so far, in bounds."""
        return dict(islice(self._outputs.items(), MOST_OUTPUTS))

    def run(self, outputs: Path, item_variables: Mapping[str, str], *, prefix: str = "") -> int:
        """Run the script and take in its outputs; return its code, negative for a signal."""
        outputs.touch()
        paths = {"ARTIFACT_DIR": str(self.artifact), "RELEASE_OUTPUTS": str(outputs)}
        variables = script_environment(self.environ, {**self.variables, **item_variables, **paths})
        command = Command(command_line(self.path, self.args), self.artifact, variables)
        return_code = run_command(command, self.streams, self.termination)
        self._outputs.update({f"{prefix}{key}": value for key, value in read_outputs(outputs).items()})
        return return_code
