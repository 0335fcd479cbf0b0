"""lpa without what only POSIX has: `tests.support.as_on_windows` says how far this is Windows.

`test_locks` runs with the locks of both systems.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from lpa.host import files, locks, system
from lpa.rsp.names import ServerAddress
from lpa.server.trust import Trust, TrustAnchor
from tests.support import as_on_windows, command
from tests.support.paths import ROOT
from tests.support.tls_attacks import setting
from tests.support.tls_chains import changed
from tests.support.tls_faults import https, recording, showing, tls_peer

PACKAGE = ROOT / "src" / "lpa"
START = (
    "import json, sys; from tests.support.as_on_windows import become_windows; modules = become_windows(); "
)


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """`lpa.host.windows`, which the files and locks of this process use."""
    windows = as_on_windows.load_windows(monkeypatch)
    for module in (files, locks):
        monkeypatch.setattr(module, "system", windows)
    return windows


def as_windows(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", START + code, *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )


def test_each_module_can_be_imported_without_the_modules_of_posix() -> None:
    code = (
        "from lpa.host import system; "
        "print(json.dumps([system.__name__, sys.modules['fcntl'], [one.__name__ for one in modules]]))"
    )
    chosen, fcntl, imported = json.loads(as_windows(code).stdout)
    assert (chosen, fcntl) == ("lpa.host.windows", None)
    paths = [path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.rglob("*.py")]
    names = {".".join(("lpa", *path.parts)).removesuffix(".__init__") for path in paths}
    assert names - set(imported) == {"lpa", "lpa.__main__", "lpa.host.posix"}


def test_commands_work_without_the_modules_of_posix(tmp_path: Path) -> None:
    reader = ["--reader", f"sim:{command.card(tmp_path / 'card')}", "--connect-to", "::127.0.0.1:1"]
    lines = [
        ["list"],
        ["backup", str(tmp_path / "backup")],
        ["disable", "0017"],
        ["delete", "0025", "--yes"],
        ["notifications", "list"],
    ]
    code = (
        "from lpa.cli.running import run; "
        "print([run(line) for line in json.loads(sys.argv[1])], file=sys.stderr)"
    )
    environment = {"LPA_STATE_DIR": str(tmp_path / "state"), "LPA_LOCK_DIR": str(tmp_path)}
    ran = as_windows(code, json.dumps([reader + line for line in lines]), **environment)
    # 4: the profile is changed, and no server can be reached. The receipts are kept.
    assert ran.stderr.splitlines()[-1] == "[0, 0, 4, 4, 0]"
    assert len(list(tmp_path.glob("state/receipts/*/*.der"))) == 2
    assert len(list(tmp_path.glob("backup/*.vcf"))) == 1
    assert list(tmp_path.glob(".*")) == []


def test_only_the_host_asks_which_system_it_is() -> None:
    asking = {
        path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if _asks(path.read_text())
    }
    hosts = {"host/__init__.py", "host/posix.py", "host/windows.py"}
    # The simulator is independent of what it tests, and needs no more than its own folder. A private smart
    # card service exists on Linux alone, and says so elsewhere.
    assert asking == hosts | {"sim/private_folder.py", "testing/pcscd.py"}


def _asks(source: str) -> bool:
    special = {*as_on_windows.POSIX_ONLY, "msvcrt", "winreg", "ctypes"}
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names) if special & {name.name for name in names}:
                return True
            case ast.ImportFrom(module) if module in special:
                return True
            case ast.Attribute(ast.Name("sys"), "platform") | ast.Attribute(ast.Name("os"), "name"):
                return True
    return False


@pytest.mark.usefixtures("windows")
def test_files_are_written_without_owners_and_modes(tmp_path: Path) -> None:
    files.make_folder(tmp_path / "made" / "state")
    files.make_folder(tmp_path / "made" / "state")
    folder = tmp_path / "made" / "state"
    files.touch(folder / "journal")
    files.touch(folder / "journal")
    files.write_new(folder / "new", b"a\r\nb\n")
    files.write(folder / "new", b"c\n")
    for _ in range(2):
        descriptor = files.open_to_append(folder / "trace")
        os.write(descriptor, b"line\n")
        os.close(descriptor)
    with files.open_to_read(folder / "trace") as file:
        assert file.read() == b"line\nline\n"
    with files.held(folder) as held:
        assert held is None
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "journal": b"",
        "new": b"c\n",
        "trace": b"line\nline\n",
    }


@pytest.mark.usefixtures("windows")
def test_a_link_or_a_file_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "file").touch()
    for name, why in (("link", "it is a symbolic link"), ("file", "it is not a folder")):
        with pytest.raises(PermissionError, match=why):
            files.make_folder(tmp_path / name)
        with pytest.raises(PermissionError, match=why), files.held(tmp_path / name):
            pass


@pytest.mark.usefixtures("windows")
def test_a_link_in_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("precious")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    for write in (files.touch, files.open_to_append, lambda path: files.write(path, b"x")):
        with pytest.raises(OSError, match="symbolic link"):
            write(tmp_path / "link")
    assert (tmp_path / "target").read_text() == "precious"


@pytest.mark.usefixtures("windows")
def test_the_locks_are_in_the_temporary_folder_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LPA_LOCK_DIR")
    assert locks.shared_folder() == Path(tempfile.gettempdir())


def test_the_store_of_the_system_gives_certificates(
    windows: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Here it is OpenSSL's own file, which Python reads on Windows too."""
    authority = changed(setting("ci_pkids", [])).ci_pem
    (tmp_path / "store.pem").write_text(authority)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "store.pem"))
    assert windows.certificate_authorities() == [der(authority)]


def test_a_server_is_trusted_by_a_certificate_of_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    world = changed(setting("ci_pkids", []))
    authority = der(world.ci_pem)
    monkeypatch.setattr(system, "certificate_authorities", lambda: [authority])
    with (
        tls_peer(recording, context=showing(*world.shown(), key=world.server.key)) as peer,
        https(peer, trust=Trust.system()) as client,
    ):
        answer = client.post(ServerAddress(world.host), "/", b"secret", {}, ci_pkids=())
    assert answer.trust_anchor == TrustAnchor("public", "O=CI")


def der(pem: str) -> bytes:
    return x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)
