"""Fail if a test was skipped: what is not run proves nothing."""

import sys
from pathlib import Path
from xml.etree import ElementTree as ET


def skipped(report: Path) -> list[str]:
    """Return the skipped tests of one JUnit report, each with its reason."""
    cases = ET.parse(report).iter("testcase")  # noqa: S314 - our own report
    return [
        f"{case.get('classname')}::{case.get('name')}: {mark.get('message')}"
        for case in cases
        for mark in case.iter("skipped")
        if mark.get("type") != "pytest.xfail"  # it ran, and failed as it must
    ]


if __name__ == "__main__":
    found = [line for name in sys.argv[1:] for line in skipped(Path(name))]
    sys.exit("skipped:\n" + "\n".join(found) if found else 0)
