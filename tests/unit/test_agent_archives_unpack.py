"""Archives that must be refused, each named for its trick, and those that must come out as they went in."""

import gzip
import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from interlock_agent.archives.unpack import unpack
from interlock_agent.errors import Refused
from interlock_agent.exit_codes import ExitCode
from interlock_agent.limits import Limits

SMALL = Limits(unpacked_bytes=100_000, members=50)


def _tar(path: Path, *members: tuple[str, bytes, dict[str, object]]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, data, fields in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            for key, value in fields.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(data))
    return path


def _zip(path: Path, *members: tuple[str, bytes, int]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data, mode in members:
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr = 3, mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return path


def _file(name: str, data: bytes = b"x") -> tuple[str, bytes, dict[str, object]]:
    return name, data, {}


def _link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[str, bytes, dict[str, object]]:
    return name, b"", {"type": kind, "linkname": target}


def _special(name: str, kind: bytes) -> tuple[str, bytes, dict[str, object]]:
    return name, b"", {"type": kind}


LINK = stat.S_IFLNK | 0o777
HOSTILE_TARS = {
    "absolute path": ([_file("/etc/evil")], "/etc/evil"),
    "parent path": ([_file("../evil")], "../evil"),
    "parent path in the middle": ([_file("a/../../evil")], "a/../../evil"),
    "backslash path": ([_file("..\\evil")], "..\\\\evil"),
    "drive letter": ([_file("C:evil")], "C:evil"),
    "control character": ([_file("a\x1bb")], "\\x1b"),
    "absolute link": ([_link("l", "/etc/passwd")], "'l'"),
    "link to the parent": ([_link("l", "..")], "'l'"),
    "link deeper to outside": ([_link("a/l", "../../x")], "a/l"),
    "link out through another link": ([_link("p/x", ".."), _link("p/l", "x/..")], "p/l"),
    "write through a link": ([_link("l", "d"), _file("l/evil")], "l/evil"),
    "file over a link": ([_link("l", "d"), _file("l")], "'l'"),
    "hard link outside": ([_link("h", "../x", tarfile.LNKTYPE)], "../x"),
    "hard link to nothing": ([_link("h", "missing", tarfile.LNKTYPE)], "'h'"),
    "hard link to a link": ([_link("l", "d"), _link("h", "l", tarfile.LNKTYPE)], "'h'"),
    "character device": ([_special("dev", tarfile.CHRTYPE)], "dev"),
    "block device": ([_special("dev", tarfile.BLKTYPE)], "dev"),
    "pipe": ([_special("pipe", tarfile.FIFOTYPE)], "pipe"),
    "same name twice": ([_file("a"), _file("a")], "'a'"),
    "names apart in case only": ([_file("Deploy.sh"), _file("deploy.sh")], "deploy.sh"),
    "directories apart in case only": ([_file("Lib/a"), _file("lib/b")], "lib/b"),
    "names apart in accents' form only": ([_file("e\u0301"), _file("\u00e9")], "member"),
    "file where a directory is": ([_file("a/b"), _file("a")], "'a'"),
    "directory where a file is": ([_file("a"), _file("a/b")], "a/b"),
    "too large": ([_file("big", b"0" * 100_001)], "big"),
    "too large together": ([_file("one", b"0" * 60_000), _file("two", b"0" * 60_000)], "two"),
    "too many": ([_file(str(number)) for number in range(51)], "'50'"),
    "name too long for any file system": ([_file("n" * 300)], "nnn"),
}
HOSTILE_ZIPS: dict[str, tuple[list[tuple[str, bytes, int]], str]] = {
    "absolute path": ([("/etc/evil", b"x", 0)], "/etc/evil"),
    "parent path": ([("../evil", b"x", 0)], "../evil"),
    "link outside": ([("l", b"/etc/passwd", LINK)], "'l'"),
    "write through a link": ([("l", b"d", LINK), ("l/evil", b"x", 0)], "l/evil"),
    "device": ([("dev", b"", stat.S_IFCHR | 0o666)], "dev"),
    "bomb": ([("bomb", b"0" * 1_000_000, 0)], "bomb"),
    "names apart in case only": ([("A", b"x", 0), ("a", b"x", 0)], "'a'"),
}


def _refusal(archive: Path) -> Refused:
    directory = archive.parent / "out"
    directory.mkdir()
    with pytest.raises(Refused) as caught:
        unpack(archive, directory, limits=SMALL)
    return caught.value


def _leaked(root: Path) -> list[str]:
    return [path.name for path in root.iterdir() if path.name not in {"out", "artifact"}]


@pytest.mark.parametrize("packing", ["gzip", "zstd"])
@pytest.mark.parametrize("trick", HOSTILE_TARS)
def test_a_hostile_tar_is_refused_by_the_members_name(tmp_path: Path, trick: str, packing: str) -> None:
    members, named = HOSTILE_TARS[trick]
    archive = _tar(tmp_path / "artifact", *members)
    if packing == "zstd":
        archive.write_bytes(zstandard.compress(gzip.decompress(archive.read_bytes())))
    refusal = _refusal(archive)
    assert refusal.code == ExitCode.UNSAFE_ARCHIVE
    assert named in refusal.reason
    assert _leaked(tmp_path) == []


@pytest.mark.parametrize("trick", HOSTILE_ZIPS)
def test_a_hostile_zip_is_refused_by_the_members_name(tmp_path: Path, trick: str) -> None:
    members, named = HOSTILE_ZIPS[trick]
    refusal = _refusal(_zip(tmp_path / "artifact", *members))
    assert refusal.code == ExitCode.UNSAFE_ARCHIVE
    assert named in refusal.reason
    assert _leaked(tmp_path) == []


def _zip_bytes() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("deploy.sh", "echo hello hello hello\n")
    return stream.getvalue()


def _tar_bytes() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        info = tarfile.TarInfo("deploy.sh")
        info.size = 2000
        archive.addfile(info, io.BytesIO(b"x" * 2000))
    return stream.getvalue()


DAMAGES: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "no archive": lambda: b"hello there\n" * 100,
    "zip cut off": lambda: _zip_bytes()[:40],
    "zip with a wrong sum": lambda: _zip_bytes().replace(b"hello", b"jello", 1),
    "zip that wants a password": lambda: _zip_bytes().replace(
        b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"
    ),
    "tar cut off": lambda: _tar_bytes()[:700],
    "gzip of nothing": lambda: b"\x1f\x8b\x08\x00" + b"\x00" * 20,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_archive_is_refused_and_never_a_crash(tmp_path: Path, damage: str) -> None:
    archive = tmp_path / "artifact"
    archive.write_bytes(DAMAGES[damage]())
    assert _refusal(archive).code == ExitCode.UNSAFE_ARCHIVE


def _unpacked(archive: Path) -> Path:
    directory = archive.parent / "out"
    directory.mkdir()
    unpack(archive, directory, limits=SMALL)
    return directory


def test_content_modes_and_links_come_out_as_they_went_in(tmp_path: Path) -> None:
    members: tuple[tuple[str, bytes, dict[str, object]], ...] = (
        ("./", b"", {"type": tarfile.DIRTYPE, "mode": 0o755}),
        ("bin/run", b"#!/bin/sh\n", {"mode": 0o4755}),
        ("bin/hard", b"", {"type": tarfile.LNKTYPE, "linkname": "bin/run"}),
        ("lib/current", b"", {"type": tarfile.SYMTYPE, "linkname": "../bin/run"}),
    )
    out = _unpacked(_tar(tmp_path / "artifact", *members))
    assert stat.S_IMODE((out / "bin/run").stat().st_mode) == 0o755
    assert (out / "lib/current").readlink() == Path("../bin/run")
    assert (out / "bin/hard").read_bytes() == b"#!/bin/sh\n"


def test_a_zip_without_modes_comes_out_readable_and_not_executable(tmp_path: Path) -> None:
    out = _unpacked(_zip(tmp_path / "artifact", ("deploy.sh", b"exit 0\n", 0)))
    assert not os.access(out / "deploy.sh", os.X_OK)
    assert (out / "deploy.sh").read_bytes() == b"exit 0\n"
