"""The agent's results.json as far as a status event tells it; what is broken is left out, never believed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from interlock.domain.redaction import redact_text
from interlock.domain.release import Result

_MOST_OUTPUTS = 50
_MOST_LINES = 20
_LONGEST = 1000


def with_agent_result(result: Result, found: Mapping[str, Any] | None) -> Result:
    """Return the result with exit code, outputs and last error lines; the platform's verdict stays as it is."""
    if found is None:
        return result
    exit_code = found.get("exit_code")
    return replace(
        result,
        exit_code=exit_code if type(exit_code) is int else result.exit_code,
        outputs=_outputs(found.get("outputs")),
        error_lines=_lines(found.get("error_lines")),
    )


def _outputs(found: Any) -> Mapping[str, str]:
    pairs = found.items() if isinstance(found, dict) else ()
    texts = [(key, value) for key, value in pairs if isinstance(key, str) and isinstance(value, str)]
    return {key[:_LONGEST]: redact_text(value)[:_LONGEST] for key, value in texts[:_MOST_OUTPUTS]}


def _lines(found: Any) -> tuple[str, ...]:
    lines = [line for line in found if isinstance(line, str)] if isinstance(found, list) else []
    return tuple(redact_text(line)[:_LONGEST] for line in lines[-_MOST_LINES:])
