"""Decides which names and link targets of an archive stay inside the directory that it is unpacked into."""

import unicodedata

from interlock_agent.archives.interface import Member, unsafe_archive


def safe_name(name: str) -> str:
    """Return the name in its one spelling, or refuse it."""
    if not name or name.startswith("/") or "\\" in name or (len(name) > 1 and name[1] == ":"):
        raise unsafe_archive(name, "has a path that is absolute or not POSIX")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in name):
        raise unsafe_archive(name, "has a control character in its path")
    parts = [part for part in name.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise unsafe_archive(name, "has '..' in its path")
    return "/".join(parts) or "."


def safe_link_target(name: str, member: Member) -> str:
    """Return the link's target if it stays inside: `..` only at its start, and no more than it is deep.

    A `..` after a name could step out through another link, so that one is refused whatever it would mean.
    """
    parts = [part for part in member.target.split("/") if part not in {"", "."}]
    climbs = next((index for index, part in enumerate(parts) if part != ".."), len(parts))
    is_inside = climbs <= name.count("/") and ".." not in parts[climbs:]
    if not member.target or "\0" in member.target or member.target.startswith("/") or not is_inside:
        raise unsafe_archive(member.name, f"links to {member.target[:100]!r}, outside of the archive")
    return member.target


def folded(name: str) -> str:
    """Return the spelling under which a file system without case, or with one form of accents, knows the name."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
