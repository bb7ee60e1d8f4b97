"""The attempt's fence: a document that is created once, and whoever created it alone may run the script (design 2.6).

Interlock takes it itself before it closes a release of which a start may still turn up: that start's agent then finds
the fence taken and does nothing, however late it comes.
"""

from collections.abc import Mapping

SEALED = "interlock"
"""The owner that is no execution; Cloud Run ends every execution's name in a dash and five characters."""


def sealed_fence(release_id: str, attempt: int) -> Mapping[str, str | int]:
    """Return the owner's document in Interlock's name; agents read its `execution`."""
    return {"execution": SEALED, "release_id": release_id, "attempt": attempt}


def owner_named(document: Mapping[str, object] | None) -> str | None:
    """Return the short name of the execution that the document names, SEALED, or None where it names none."""
    name = document.get("execution") if document else None
    return name if isinstance(name, str) else None
