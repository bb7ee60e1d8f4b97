"""Which of the files beside an attempt's fence are its tasks' results: `<task index>/results[-<try>].json`."""

import re
from collections.abc import Iterable

_RESULT = re.compile(r"([0-9]{1,9})/results(?:-([0-9]{1,9}))?\.json")


def last_results(names: Iterable[str], *, limit: int) -> list[str]:
    """Return the names of each task's last try, by task index, no more than the limit; all other names are left out."""
    tries: dict[int, tuple[int, str]] = {}
    for name in names:
        if found := _RESULT.fullmatch(name):
            task, number = int(found[1]), int(found[2] or 0)
            tries[task] = max(tries.get(task, (-1, "")), (number, name))
    return [tries[task][1] for task in sorted(tries)[:limit]]
