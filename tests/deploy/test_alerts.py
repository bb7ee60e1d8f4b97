"""Alerts, metrics and dashboard listen to what the functions really write."""

import json
import re
from collections.abc import Iterator

from interlock.adapters.schema_files import load_schema
from tests.deploy.plans import ROOT, resources

EXAMPLE = "one-environment"
SOURCES = "".join(path.read_text() for path in sorted((ROOT / "functions" / "interlock").rglob("*.py")))


def filters() -> Iterator[str]:
    """Yield every log filter and every place a label is taken from."""
    for metric in resources(EXAMPLE, "google_logging_metric"):
        yield metric.values["filter"]
        yield from (metric.values["label_extractors"] or {}).values()
    for policy in resources(EXAMPLE, "google_monitoring_alert_policy"):
        for condition in policy.values["conditions"]:
            for one in condition["condition_matched_log"]:
                yield one["filter"]
                yield from one["label_extractors"].values()


def test_every_event_that_is_listened_for_is_written_by_a_function() -> None:
    clauses = re.findall(r'jsonPayload\.event=(\([^)]*\)|"[a-z_]+")', "\n".join(filters()))
    events = {event for clause in clauses for event in re.findall(r'"([a-z_]+)"', clause)}
    assert {"dead_letter", "execution_ended", "release_step"} <= events
    assert [event for event in events if f'"{event}"' not in SOURCES] == []


def test_every_field_that_is_read_is_written_by_a_function() -> None:
    fields = set(re.findall(r"jsonPayload\.([a-z_]+)", "\n".join(filters())))
    assert [field for field in fields if f"{field}=" not in SOURCES and f'"{field}"' not in SOURCES] == []


def test_every_label_is_one_of_the_dead_letter_alert() -> None:
    written = load_schema("dead-letter-alert.v1")["properties"]["logging.googleapis.com/labels"]["properties"]
    read = set(re.findall(r"(?<![a-z.])labels\.([a-z_]+)", "\n".join(filters())))
    assert read <= set(written)
    assert {"notify", "severity", "fingerprint"} <= read


def test_every_severity_of_an_alert_has_its_policy() -> None:
    severities = load_schema("dead-letter-alert.v1")["properties"]["severity"]["enum"]
    policies = {one.address for one in resources(EXAMPLE, "google_monitoring_alert_policy")}
    assert {f'google_monitoring_alert_policy.dead_letter["{severity}"]' for severity in severities} <= policies


def test_every_chart_of_our_own_metrics_names_one_that_exists() -> None:
    metrics = {one.values["name"] for one in resources(EXAMPLE, "google_logging_metric")}
    document = resources(EXAMPLE, "google_monitoring_dashboard")[0].values["dashboard_json"]
    assert json.loads(document)["gridLayout"]["widgets"]
    assert set(re.findall(r"user/(interlock/[a-z_]+)", document)) <= metrics
