"""The settings of the functions: one table, read from a mapping into frozen classes.

Terraform, the local stack and the README take their lists from the same table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self


class ConfigurationError(Exception):
    """Every missing or bad variable at once, a line each with its name and value."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable: its name, how it is read, its default (None = required) and its help."""

    name: str
    kind: str
    default: str | None
    help: str


def _setting(name: str, help_text: str, *, kind: str = "text", default: str | None = None) -> Any:
    return field(metadata={"setting": Setting(name, kind, default, help_text)})


def _optional(text: str) -> str | None:
    return text or None


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _topic(text: str) -> str:
    parts = text.split("/")
    if len(parts) != 4 or parts[0] != "projects" or parts[2] != "topics" or not all(parts):
        raise ValueError
    return text


def _required(text: str) -> str:
    if not text:
        raise ValueError
    return text


_READERS: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "text": (_required, "some text"),
    "optional": (_optional, "text or nothing"),
    "positive": (_positive, "a whole number of at least 1"),
    "topic": (_topic, "projects/PROJECT/topics/TOPIC"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What every function needs."""

    instance: str = _setting(
        "INTERLOCK_INSTANCE",
        "Name of this installation; part of every status event's source.",
        default="default",
    )
    ledger: str = _setting(
        "INTERLOCK_LEDGER", "Where releases are recorded: `firestore://PROJECT/DATABASE` or `sqlite:///PATH`."
    )
    status_topic: str = _setting("INTERLOCK_STATUS_TOPIC", "Topic that status events go to.", kind="topic")
    pubsub_endpoint: str | None = _setting(
        "PUBSUB_EMULATOR_HOST",
        "`host:port` of a plaintext Pub/Sub server; empty means Google's.",
        kind="optional",
        default="",
    )

    @property
    def project(self) -> str:
        """The project that the function's traces belong to: that of its topics."""
        return self.status_topic.split("/")[1]

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """Read this class's variables from a mapping; raise ConfigurationError with every fault at once."""
        values: dict[str, Any] = {}
        faults: list[str] = []
        for name, setting in settings_of(cls).items():
            read, expected = _READERS[setting.kind]
            text = environ.get(setting.name, setting.default)
            try:
                values[name] = read(_required(text or "") if setting.default is None else text or "")
            except ValueError:
                found = "is not set" if text is None else f"is {text!r}"
                faults.append(f"{setting.name} {found}, expected {expected}")
        if faults:
            raise ConfigurationError("; ".join(faults))
        return cls(**values)


def _results() -> Any:
    help_text = "Where the agent leaves its results: `file:///DIR` or `gs://BUCKET/PREFIX`; empty means there are none."
    return _setting("INTERLOCK_RESULTS", help_text, kind="optional", default="")


def _run_endpoint() -> Any:
    help_text = "`host:port` of a plaintext Cloud Run Admin API; empty means Google's."
    return _setting("INTERLOCK_RUN_ENDPOINT", help_text, kind="optional", default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchSettings(Settings):
    """Settings of dispatch_release."""

    routes: str = _setting("INTERLOCK_ROUTES", "The routes document: JSON text, or the path of a file that holds it.")
    dead_letters_topic: str = _setting(
        "INTERLOCK_DEAD_LETTERS_TOPIC", "Topic for messages that no retry can mend.", kind="topic"
    )
    run_endpoint: str | None = _run_endpoint()
    results: str | None = _results()
    lease_seconds: int = _setting(
        "INTERLOCK_LEASE_SECONDS",
        "How long a claim stands before another try may take it over; longer than a start may take.",
        kind="positive",
        default="60",
    )
    start_timeout_seconds: int = _setting(
        "INTERLOCK_START_TIMEOUT_SECONDS", "Deadline of one RunJob call.", kind="positive", default="20"
    )
    max_starts: int = _setting(
        "INTERLOCK_MAX_STARTS",
        "Tries to start one release before it is closed as start_exhausted.",
        kind="positive",
        default="5",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSettings(Settings):
    """Settings of report_status."""

    requests_topic: str = _setting(
        "INTERLOCK_REQUESTS_TOPIC", "Topic of release requests; `resume` messages go there.", kind="topic"
    )
    results: str | None = _results()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings(Settings):
    """Settings of alert_dead_letter."""

    runbooks: str = _setting(
        "INTERLOCK_RUNBOOKS",
        "Base of the runbook links in alerts.",
        default="https://github.com/interlock-dev/interlock/blob/main/docs/runbooks",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileSettings(ReportSettings):
    """Settings of reconcile_releases."""

    run_endpoint: str | None = _run_endpoint()
    page_size: int = _setting(
        "INTERLOCK_RECONCILE_PAGE",
        "Most releases that reconcile reads at once; it goes on page by page.",
        kind="positive",
        default="200",
    )
    budget_seconds: int = _setting(
        "INTERLOCK_RECONCILE_SECONDS",
        "How long one reconcile run goes on; what is left falls to the next. Less than its timeout.",
        kind="positive",
        default="40",
    )


SETTINGS: Mapping[str, type[Settings]] = {
    "dispatch_release": DispatchSettings,
    "report_status": ReportSettings,
    "alert_dead_letter": AlertSettings,
    "reconcile_releases": ReconcileSettings,
}
"""Each function's settings class; settings_of() gives its rows."""


def settings_of(cls: type[Settings]) -> dict[str, Setting]:
    """Return the class's rows by attribute name, in the order they are declared."""
    return {item.name: item.metadata["setting"] for item in fields(cls)}
