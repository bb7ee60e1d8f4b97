"""Archives that are small to fetch and large to open, or cut where their format does not notice; tar.zst at all."""

import gzip
import io
import resource
import struct
import subprocess
import sys
import tarfile
import textwrap
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from interlock_agent.archives.unpack import unpack
from interlock_agent.errors import Refused
from interlock_agent.exit_codes import ExitCode
from interlock_agent.limits import Limits

SMALL = Limits(unpacked_bytes=1_000_000, members=50)
BLOCK = tarfile.BLOCKSIZE


def _tar(*names: str, size: int = 1000) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = size
            archive.addfile(info, io.BytesIO(b"x" * size))
    return stream.getvalue()


def _header(kind: bytes, size: int) -> bytes:
    info = tarfile.TarInfo("headers")
    info.type, info.size = kind, size
    return info.tobuf(tarfile.GNU_FORMAT)


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, 1)


def _zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


def _zip_with_directory_of(size: int, *, wide: bool = False) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("deploy.sh", "exit 0\n")
    data = bytearray(stream.getvalue())
    if not wide:
        struct.pack_into("<L", data, len(data) - 10, size)
        return bytes(data)
    end = bytes(data[-22:])
    record = struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, size, 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, len(data) - 22, 1)
    return bytes(data[:-22]) + record + locator + end


def _zip_by(method: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("deploy.sh", "exit 0\n" * 100)
    return stream.getvalue()


def _flipped(data: bytes, index: int) -> bytes:
    return data[:index] + bytes([data[index] ^ 0xFF]) + data[index:][1:]


BOMBS: dict[str, Callable[[], bytes]] = {
    "gzip of zeros after the end": lambda: _gzip(_tar("a") + bytes(8_000_000)),
    "zstd of zeros after the end": lambda: _zstd(_tar("a") + bytes(8_000_000)),
    "zstd of a large file": lambda: _zstd(_tar("big", size=2_000_000)),
    "pax header of many bytes": lambda: _gzip(_header(tarfile.XHDTYPE, 50_000_000) + bytes(50_000_000)),
    "long name of many bytes": lambda: _zstd(_header(tarfile.GNUTYPE_LONGNAME, 50_000_000) + b"n" * 50_000_000),
    "long link of many bytes": lambda: _zstd(_header(tarfile.GNUTYPE_LONGLINK, 50_000_000) + b"n" * 50_000_000),
    "headers without end": lambda: _zstd((_header(tarfile.XHDTYPE, BLOCK) + b"12 a=bcdefg\n".ljust(BLOCK)) * 5000),
    "zip of a directory that is too large": lambda: _zip_with_directory_of(100_000_000),
    "zip64 of a directory that is too large": lambda: _zip_with_directory_of(2**40, wide=True),
    "zip by lzma": lambda: _zip_by(zipfile.ZIP_LZMA),
    "zip by bzip2": lambda: _zip_by(zipfile.ZIP_BZIP2),
    "zstd cut off": lambda: _zstd(_tar(*map(str, range(40))))[:-30],
    "zstd with a wrong sum": lambda: _flipped(_zstd(_tar("a")), -1),
    "zstd of nothing": lambda: _zstd(b"")[:6],
    "gzip with a wrong sum": lambda: _flipped(_gzip(_tar("a")), -6),
    "gzip cut off after the end mark": lambda: _gzip(_tar("a"))[:-8],
    "tar cut off at a member's border": lambda: _tar("a", "b")[: 2 * (BLOCK + 1024)],
}


@pytest.mark.parametrize("trick", BOMBS)
def test_a_bomb_or_a_torn_archive_is_refused(tmp_path: Path, trick: str) -> None:
    archive, out = tmp_path / "artifact", tmp_path / "out"
    archive.write_bytes(BOMBS[trick]())
    out.mkdir()
    with pytest.raises(Refused) as caught:
        unpack(archive, out, limits=SMALL)
    assert caught.value.code == ExitCode.UNSAFE_ARCHIVE
    assert {path.name for path in tmp_path.iterdir()} == {"artifact", "out"}


def test_a_bomb_of_headers_takes_no_memory(tmp_path: Path) -> None:
    size = 400 * 1024 * 1024
    archive = tmp_path / "artifact"
    with zstandard.open(archive, "wb") as stream:
        stream.write(_header(tarfile.XHDTYPE, size))
        for _ in range(size // (1024 * 1024)):
            stream.write(bytes(1024 * 1024))
    script = textwrap.dedent(f"""
        import resource
        from pathlib import Path
        from interlock_agent.archives.unpack import unpack
        from interlock_agent.errors import Refused
        from interlock_agent.limits import Limits
        try:
            unpack(Path({str(archive)!r}), Path({str(tmp_path)!r}), limits=Limits())
        except Refused:
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    """)
    # ru_maxrss of a forked child starts at its parent's: compare where this process stands
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(run.stdout) < before + 100


@pytest.mark.parametrize("pack", [lambda data: data, _gzip, _zstd, lambda data: _zstd(data) + _zstd(bytes(BLOCK))])
def test_a_tar_comes_out_whole_whatever_packed_it(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    archive, out = tmp_path / "artifact", tmp_path / "out"
    archive.write_bytes(pack(_tar("a", "b/c", "b/" + "d" * 200, size=70_000)))
    out.mkdir()
    unpack(archive, out, limits=SMALL)
    sizes = {str(path.relative_to(out)): path.stat().st_size for path in out.rglob("*") if path.is_file()}
    assert sizes == {"a": 70_000, "b/c": 70_000, "b/" + "d" * 200: 70_000}
