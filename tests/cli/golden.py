"""The golden files: what people see. `python -m tests.cli.golden` writes them anew; look at what git says then."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from interlock.bootstrap import open_ledger
from tests.cli.cases import CASES, Case
from tests.cli.scene import Scene, as_golden
from tests.cli.seed import sow
from tests.cli.stage import pubsub_with_topics

GOLDEN = Path(__file__).parents[1] / "golden"


def golden_file(case: Case) -> Path:
    """Return the case's file."""
    return GOLDEN / f"{case.name}.txt"


@contextmanager
def fresh_scene(pubsub: str) -> Iterator[Scene]:
    """Yield a scene with a freshly seeded ledger."""
    with TemporaryDirectory() as name:
        scene = Scene(Path(name), f"sqlite://{name}/ledger.db", pubsub, Path(name) / "logs").prepare()
        sow(open_ledger(scene.ledger), scene.logs)
        yield scene


def main() -> None:
    """Write every golden file, and remove those of no case."""
    GOLDEN.mkdir(exist_ok=True)
    for stale in set(GOLDEN.iterdir()) - set(map(golden_file, CASES)):
        stale.unlink()
    with TemporaryDirectory() as state, pubsub_with_topics(Path(state) / "pubsub") as pubsub:
        for case in CASES:
            with fresh_scene(pubsub) as scene:
                golden_file(case).write_text(as_golden(case, scene.run(case)))


if __name__ == "__main__":
    main()
