"""The golden files: what people see. `python -m tests.cli.golden` writes them anew; look at what git says then."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from interlock.bootstrap import open_ledger
from tests.cli.cases import CASES, Case
from tests.cli.pubsub_topics import pubsub_with_topics
from tests.cli.sandbox import Sandbox, as_golden
from tests.cli.seed import sow

GOLDEN = Path(__file__).parents[1] / "golden"


def golden_file(case: Case) -> Path:
    """Return the case's file."""
    return GOLDEN / f"{case.name}.txt"


@contextmanager
def fresh_sandbox(pubsub: str) -> Iterator[Sandbox]:
    """Yield a sandbox with a freshly seeded ledger."""
    with TemporaryDirectory() as name:
        sandbox = Sandbox(Path(name), f"sqlite://{name}/ledger.db", pubsub, Path(name) / "logs").prepare()
        sow(open_ledger(sandbox.ledger), sandbox.logs)
        yield sandbox


def main() -> None:
    """Write every golden file, and remove those of no case."""
    GOLDEN.mkdir(exist_ok=True)
    for stale in set(GOLDEN.iterdir()) - set(map(golden_file, CASES)):
        stale.unlink()
    with TemporaryDirectory() as state, pubsub_with_topics(Path(state) / "pubsub") as pubsub:
        for case in CASES:
            with fresh_sandbox(pubsub) as sandbox:
                golden_file(case).write_text(as_golden(case, sandbox.run(case)))


if __name__ == "__main__":
    main()
