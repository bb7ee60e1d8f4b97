"""The processes of one stack: how each is started, what tells that it answers, in which order they stop."""

import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from interlock_local.stack import names
from interlock_local.stack.container import IMAGE
from interlock_local.stack.environment import base_environment, function_environment, google_environment
from interlock_local.stack.plan import ROOT, Plan

Answer = Literal["function", "pubsub", "cloud_run", "firestore", "process"]
"""What counts as an answer: an HTTP answer of the function, a real RPC, or just that the process lives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One process. `orphan_signal` is what it gets if the supervisor is killed and cannot stop it."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    answer: Answer
    orphan_signal: signal.Signals = signal.SIGTERM


def parts(plan: Plan, environ: Mapping[str, str]) -> tuple[Part, ...]:
    """Return every process of the stack in the order they start; they stop the other way round."""
    base = base_environment(plan, environ)
    firestore = [_emulator(plan, base, "firestore")] if plan.uses_firestore else []
    functions = [_function(plan, base, name) for name in names.FUNCTIONS]
    return (*firestore, _pubsub(plan, base), _cloud_run(plan, base), *functions, _scheduler(plan, base))


def _function(plan: Plan, base: Mapping[str, str], name: str) -> Part:
    return Part(
        name=name,
        command=(
            *(sys.executable, "-m", "functions_framework", "--source", str(plan.functions_source)),
            *("--target", name, "--signature-type", "http", "--host", "127.0.0.1", "--port", str(plan.ports[name])),
        ),
        environment={**base, "XDG_RUNTIME_DIR": str(_sockets(plan, name)), **function_environment(plan, name)},
        answer="function",
    )


def _pubsub(plan: Plan, base: Mapping[str, str]) -> Part:
    if plan.pubsub == "official":
        return _emulator(plan, base, "pubsub")
    options = ("--port", str(plan.ports[names.PUBSUB]), "--state", str(plan.state / "pubsub"))
    command = (sys.executable, "-m", "interlock_local.pubsub", *options)
    return Part(name=names.PUBSUB, command=command, environment=base, answer="pubsub")


def _cloud_run(plan: Plan, base: Mapping[str, str]) -> Part:
    options = ("--port", str(plan.ports[names.CLOUD_RUN]), "--state", str(plan.state / "run"))
    return Part(
        name=names.CLOUD_RUN,
        command=(sys.executable, "-m", "interlock_local.cloud_run", *options, "--jobs", str(plan.jobs_file)),
        environment={**base, **google_environment(plan)},
        answer="cloud_run",
        orphan_signal=signal.SIGKILL,  # killed, it leaves what runs running; asked to stop, it would end that, too
    )


def _scheduler(plan: Plan, base: Mapping[str, str]) -> Part:
    options = ("--url", plan.url("reconcile_releases"), "--every", str(plan.reconcile_every))
    command = (sys.executable, "-m", "interlock_local.scheduler", *options)
    return Part(name=names.SCHEDULER, command=command, environment=base, answer="process")


def _emulator(plan: Plan, base: Mapping[str, str], kind: Literal["pubsub", "firestore"]) -> Part:
    options = ("--kind", kind, "--port", str(plan.ports[kind]), "--state", str(plan.state / "logs"))
    command = (sys.executable, "-m", "interlock_local.emulators", *options)
    return Part(name=kind, command=command, environment=base, answer=kind)


def jobs_document(plan: Plan, jobs: tuple[str, ...]) -> dict[str, object]:
    """Return the jobs file: every routed job of this project runs the agent; completions take both routes."""
    agent = {
        "command": _agent(plan),
        "env": {"INTERLOCK_RESULTS": f"file://{plan.state}/results"},
    }
    prefix = f"{names.PARENT}/jobs/"
    own = sorted({job.removeprefix(prefix) for job in jobs if job.startswith(prefix)})
    return {
        "project": names.PROJECT,
        "location": names.LOCATION,
        "jobs": dict.fromkeys(own, agent),
        "deliver": {"eventarc_url": plan.url("report_status"), "sink_topic": names.COMPLETIONS},
    }


def _agent(plan: Plan) -> list[str]:
    if plan.container_tool is None:
        return [sys.executable, "-m", "interlock_agent.main"]
    return [sys.executable, "-I", "-m", "interlock_local.stack.container", plan.container_tool, IMAGE]


def folders(plan: Plan) -> tuple[Path, ...]:
    """Return the directories that the parts expect to be there."""
    shared = tuple(plan.state / name for name in ("logs", "pubsub", "run", "results"))
    return (*shared, *(_sockets(plan, name) for name in names.FUNCTIONS))


def _sockets(plan: Plan, function: str) -> Path:
    # gunicorn makes a control socket; without a place for each, the functions fight over one in the home directory.
    return plan.state / "sockets" / function


PLACE = ROOT
"""The directory that every part runs in."""
