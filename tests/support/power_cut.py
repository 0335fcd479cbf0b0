"""What a disk holds after the power was cut: emulated from the system calls of a process.

strace records each call with which a process changes or flushes a file, with all bytes: SQLite's and Python's
alike. `Disk` carries the calls out again, one after the other, on files and folders in memory, and remembers
for each what it held when its last flush was completed. So after each call it can say what is left if the
power is cut there: of each file the content, of each folder the names, that were flushed.

A real disk may also have what was not flushed, all or part of it. That all of it is there is what a killed
process leaves (`test_killed`); that the names are there and the contents are not is `names_kept`. That the
record is complete is checked at the end: what was carried out again equals what the process left.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

_CALLS = (
    "open,openat,close,lseek,write,pwrite64,writev,pwritev,ftruncate,truncate,fallocate,copy_file_range,sendfile,"
    "rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir,fsync,fdatasync,"
    "sync_file_range,sync,syncfs,mmap"
)
_LINE = re.compile(r"(?:\d+ +)?(?P<call>\w+)\((?P<arguments>.*)\) += (?P<result>-?\d+)")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_HANDLE = re.compile(r"(\d+|AT_FDCWD)<([^>]*)>(\(deleted\))?")
Left = dict[str, bytes | None]  # files by their paths; None for a folder
_VOLATILE = "-shm"  # SQLite's shared memory: mapped, never flushed, made anew


class IncompleteRecord(Exception):
    """A call that is not understood, or an end that is not what the process left."""


@dataclass
class File:
    """What a file holds, and what it held when it was flushed last."""

    content: bytearray = field(default_factory=bytearray)
    flushed: bytes = b""

    def flush(self) -> None:
        self.flushed = bytes(self.content)


@dataclass
class Folder:
    """What a folder holds, and what it held when it was flushed last."""

    names: dict[str, File | Folder] = field(default_factory=dict)
    flushed: dict[str, File | Folder] = field(default_factory=dict)

    def flush(self) -> None:
        self.flushed = dict(self.names)


@dataclass(frozen=True)
class Call:
    """A system call: its name, the text of its arguments, its strings, the file of its handle.

    `path` is empty for a file without a name."""

    name: str
    arguments: str
    strings: tuple[bytes, ...]
    handle: str
    path: str
    result: int

    def number(self, place: int) -> int:
        """An argument that is a number, counted from the end if negative."""
        return int(re.sub(_STRING, "", self.arguments).split(", ")[place], 0)


def record(command: Sequence[str], folder: Path) -> list[Call]:
    """Run a command, and return the calls with which it changed or flushed what is in `folder`."""
    log = folder.with_suffix(".strace")
    strace = ["strace", "-f", "-y", "-xx", "-s", "100000000", "-e", f"trace={_CALLS}", "-o", str(log)]
    subprocess.run([*strace, "--", *command], check=True, capture_output=True)
    marker = _hex(str(folder))
    with log.open() as lines:
        calls = [_parsed(line) for line in lines if marker in line or str(folder) in line]
    log.unlink()
    return [call for call in calls if call.result >= 0]


class Disk:
    """The files below a folder, as they are when recording begins: all flushed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._tree = _read(root)
        self._positions: dict[str, int | None] = {}  # None: at the end, wherever that is

    def carry_out(self, call: Call) -> bool:
        """Carry out a call again. Returns whether it changed or flushed anything."""
        if call.name in ("open", "openat"):
            return self._open(call)
        if call.name == "lseek":
            self._positions[call.handle] = call.result
        if (
            call.name in ("close", "lseek", "mmap")
            or _VOLATILE in call.path
            or (call.handle and not call.path)
        ):
            return False
        act = getattr(self, f"_{_ALIKE.get(call.name, call.name)}", None)
        if act is None:
            raise IncompleteRecord(call)
        act(call)
        return True

    def left(self, *volatile: str, names_kept: bool = False) -> Left:
        """What is left below the folders `volatile` if the power is cut now, and all of the rest.

        `names_kept`: the names are left that were not flushed, with the content that was.
        """
        return dict(_walk(self._tree, "", volatile, lost=False, names_kept=names_kept))

    def check(self) -> None:
        """Raise `IncompleteRecord` unless the files are as they really are."""
        really = {path: content for path, content in _on_disk(self._root) if _VOLATILE not in path}
        if really != self.left():
            paths = really.keys() | self.left().keys()
            differing = {path for path in paths if really.get(path) != self.left().get(path)}
            raise IncompleteRecord(differing)

    def _open(self, call: Call) -> bool:
        flags = call.arguments
        if "O_TMPFILE" in flags or _VOLATILE in (path := call.strings[0].decode()):
            return False
        self._positions[str(call.result)] = None if "O_APPEND" in flags else 0
        folder, name = self._place(path)
        if "O_CREAT" in flags and name not in folder.names:
            folder.names[name] = File()
            return True
        if "O_TRUNC" in flags:
            self._file(path).content.clear()
            return True
        return False

    def _write(self, call: Call) -> None:
        file = self._file(call.path)
        position = self._positions[call.handle]
        start = len(file.content) if position is None else position
        self._put(file, start, call.strings[0][: call.result])
        if position is not None:
            self._positions[call.handle] = start + call.result

    def _pwrite64(self, call: Call) -> None:
        self._put(self._file(call.path), call.number(-1), call.strings[0][: call.result])

    def _put(self, file: File, start: int, data: bytes) -> None:
        file.content.extend(bytes(max(0, start - len(file.content))))
        file.content[start : start + len(data)] = data

    def _ftruncate(self, call: Call) -> None:
        file, size = self._file(call.path), call.number(-1)
        del file.content[size:]
        file.content.extend(bytes(size - len(file.content)))

    def _rename(self, call: Call) -> None:
        (source, old), (target, new) = (self._place(one.decode()) for one in call.strings)
        target.names[new] = source.names.pop(old)

    def _unlink(self, call: Call) -> None:
        folder, name = self._place(call.strings[0].decode())
        folder.names.pop(name, None)  # the shared memory is not in it

    def _mkdir(self, call: Call) -> None:
        folder, name = self._place(call.strings[0].decode())
        folder.names[name] = Folder()

    def _fsync(self, call: Call) -> None:
        self._node(call.path).flush()

    def _place(self, path: str) -> tuple[Folder, str]:
        within = PurePosixPath(path).relative_to(self._root)
        folder = self._node(str(self._root / within.parent))
        assert isinstance(folder, Folder)
        return folder, within.name

    def _file(self, path: str) -> File:
        file = self._node(path)
        assert isinstance(file, File)
        return file

    def _node(self, path: str) -> File | Folder:
        node: File | Folder = self._tree
        for name in PurePosixPath(path).relative_to(self._root).parts:
            assert isinstance(node, Folder)
            node = node.names[name]
        return node


# Calls that are carried out as another one.
_ALIKE = {
    "renameat": "rename",
    "renameat2": "rename",
    "unlinkat": "unlink",
    "rmdir": "unlink",
    "mkdirat": "mkdir",
    "fdatasync": "fsync",
}


def write(left: Left, folder: Path) -> None:
    """Make a folder with what is left."""
    folder.mkdir()
    for path, content in left.items():
        if content is None:
            (folder / path).mkdir(mode=0o700)
        else:
            (folder / path).touch(mode=0o600)
            (folder / path).write_bytes(content)


def digest(left: Left) -> str:
    """The same for the same files."""
    return hashlib.sha256(repr(sorted(left.items())).encode()).hexdigest()


def _parsed(line: str) -> Call:
    found = _LINE.match(line)
    if found is None:
        if "= ?" in line or "exited with" in line:
            return Call("close", "", (), "", "", -1)
        raise IncompleteRecord(line[:500])
    arguments = found["arguments"]
    strings = tuple(bytes.fromhex(text.replace("\\x", "")) for text in _STRING.findall(arguments))
    handle = _HANDLE.match(arguments)
    number, path, nameless = handle.groups() if handle else ("", "", None)
    return Call(
        found["call"], arguments, strings, number, "" if nameless else _unhex(path), int(found["result"])
    )


def _hex(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


def _unhex(text: str) -> str:
    return re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), text)


def _read(path: Path) -> Folder:
    folder = Folder()
    for entry in path.iterdir():
        folder.names[entry.name] = _read(entry) if entry.is_dir() else _read_file(entry)
    folder.flush()
    return folder


def _read_file(path: Path) -> File:
    file = File(bytearray(path.read_bytes()))
    file.flush()
    return file


def _walk(
    folder: Folder, path: str, volatile: Sequence[str], *, lost: bool, names_kept: bool
) -> Iterator[tuple[str, bytes | None]]:
    """`lost`: what was not flushed of this folder."""
    for name in sorted(folder.names.keys() | folder.flushed.keys()):
        cut = lost or name in volatile
        node = (folder.flushed if cut and not names_kept else folder.names).get(name)
        if isinstance(node, File):
            yield path + name, bytes(node.flushed if cut else node.content)
        elif isinstance(node, Folder):
            yield path + name, None
            yield from _walk(node, f"{path}{name}/", volatile, lost=cut, names_kept=names_kept)


def _on_disk(folder: Path) -> Iterator[tuple[str, bytes | None]]:
    for path in folder.rglob("*"):
        yield str(path.relative_to(folder)), None if path.is_dir() else path.read_bytes()
