"""Validation: the verdict on a message of 1 KB and of 100 KB, valid and invalid, beside `jsonschema`'s validator."""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import jsonschema

from bench.events import a_release
from bench.results import Findings, Ratio, Table, Target
from interlock.domain.requests.schema_validation import SchemaValidator
from interlock.schema_files import load_schema

US = 1e6


def messages() -> dict[str, dict[str, Any]]:
    """Return the four messages."""
    small = a_release()
    large = {**small, "params": {f"PARAMETER_{number}": "x" * 1500 for number in range(64)}}
    return {
        "1 KB, valid": small,
        "1 KB, invalid": {**small, "service": 7, "unknown": 1},
        "100 KB, valid": large,
        "100 KB, invalid": {**large, "service": 7, "unknown": 1},
    }


def seconds_of(act: Callable[[], object], *, times: int) -> float:
    """Return the seconds of one, over so many."""
    start = time.perf_counter()
    for _ in range(times):
        act()
    return (time.perf_counter() - start) / times


def measure(*, rounds: int) -> Findings:
    """Ask both for their verdict in turn, and ours for its full report."""
    schema = load_schema("release-request.v1")
    ours, reference = SchemaValidator.of(schema), jsonschema.Draft202012Validator(schema)
    rows, ratios = [], {}
    for name, message in messages().items():
        verdicts, references, reports = [], [], []
        for _ in range(rounds):
            verdicts.append(seconds_of(lambda m=message: ours.is_valid(m), times=200))  # type: ignore[misc]
            references.append(seconds_of(lambda m=message: reference.is_valid(m), times=5))  # type: ignore[misc]
            reports.append(seconds_of(lambda m=message: ours.violations(m), times=5))  # type: ignore[misc]
        ratios[name] = Ratio.of(verdicts, references)
        found = [f"{median(one) * US:.1f}" for one in (verdicts, references, reports)]
        rows.append((name, *found[:2], str(ratios[name]), found[2]))
    header = ("message", "verdict µs", "`jsonschema` µs", "× `jsonschema`", "full report µs")
    about = "The verdict alone decides about a valid message; the full report is made of a bad one only."
    small = ratios["1 KB, valid"]
    return Findings(
        [Table("Validation", about, header, rows)],
        [Target("verdict on a valid message of 1 KB, × jsonschema", small.value, 0.1, str(small))],
    )
