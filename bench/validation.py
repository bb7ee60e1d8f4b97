"""Validation: the report on a message of 1 KB and of 100 KB, valid and invalid, beside `jsonschema`'s verdict."""

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
    """Ask ours for its report and a prebuilt validator for its verdict, in turn."""
    schema = load_schema("release-request.v1")
    ours, reference = SchemaValidator.of(schema), jsonschema.Draft202012Validator(schema)
    rows, ratios = [], {}
    for name, message in messages().items():
        reports, references = [], []
        for _ in range(rounds):
            reports.append(seconds_of(lambda m=message: ours.violations(m), times=20))  # type: ignore[misc]
            references.append(seconds_of(lambda m=message: reference.is_valid(m), times=20))  # type: ignore[misc]
        ratios[name] = Ratio.of(reports, references)
        found = [f"{median(one) * US:.1f}" for one in (reports, references)]
        rows.append((name, *found, str(ratios[name])))
    header = ("message", "full report µs", "`jsonschema` verdict µs", "× `jsonschema`")
    about = "The report names every broken rule; the verdict of a plain validator ends at the first."
    small = ratios["1 KB, valid"]
    return Findings(
        [Table("Validation", about, header, rows)],
        [Target("report on a valid message of 1 KB, × jsonschema's verdict", small.value, 1.0, str(small))],
    )
