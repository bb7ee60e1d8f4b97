"""What validating a message allocates, in bytes; `python -m tests.performance.allocations` prints it as JSON.

A process of its own: the interpreter counts the memory of all its threads, so nobody else's may be at work.
"""

import gc
import json
import tracemalloc

from bench.events import a_release
from interlock.domain.requests.json_body import parse_body
from interlock.domain.requests.schema_validation import SchemaValidator
from interlock.schema_files import load_schema

VALID, INVALID = (json.dumps(one).encode() for one in (a_release(), {**a_release(), "service": 7}))


def peak_of_one(contract: SchemaValidator) -> int:
    """Return the most that one valid message of a kilobyte takes."""
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    contract.violations(parse_body(VALID))
    return tracemalloc.get_traced_memory()[1] - before


def kept_of_a_thousand(contract: SchemaValidator) -> int:
    """Return what a thousand messages, half of them invalid, leave behind once two thousand have been seen."""
    _validate(contract, times=1000)
    before = tracemalloc.get_traced_memory()[0]
    _validate(contract, times=500)
    return tracemalloc.get_traced_memory()[0] - before


def peak_of_a_flood(contract: SchemaValidator) -> int:
    """Return what a report takes at its peak, beside the document, when a rule is broken in 20,000 places."""
    document = {**a_release(), "script_args": [0] * 20_000}
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    contract.violations(document)
    return tracemalloc.get_traced_memory()[1] - before


def _validate(contract: SchemaValidator, *, times: int) -> None:
    for _ in range(times):
        for body in (VALID, INVALID):
            contract.violations(parse_body(body))
    gc.collect()


if __name__ == "__main__":
    schema = SchemaValidator.of(load_schema("release-request.v1"))
    assert not schema.violations(parse_body(VALID))
    assert schema.violations(parse_body(INVALID))
    tracemalloc.start()
    measured = (peak_of_one, kept_of_a_thousand, peak_of_a_flood)
    print(json.dumps({measure.__name__: measure(schema) for measure in measured}))
