"""`lpa download CODE`, `-` and `--qr`: the activation code as people have it, and what is said about it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import segno
from PIL import Image

from lpa.cli import qr_codes
from lpa.rsp import activation, written_code
from tests.support.command import PROGRAM
from tests.support.download_parties import HOST, DownloadParties, made
from tests.support.paths import ROOT


@pytest.fixture
def parties(tmp_path: Path) -> Iterator[DownloadParties]:
    yield from made(tmp_path)


def put_on_stdin(patch: pytest.MonkeyPatch, content: bytes) -> io.BytesIO:
    stdin = io.BytesIO(content)
    patch.setattr("sys.stdin", io.TextIOWrapper(stdin))
    return stdin


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("LPA:1", "perhaps removed by the shell"),
        ("LPA:1.example.com-123", "single quotes"),
        ("LPA:1$smdp.example$SECRET-1 4Y8TBX", "may be a part of it"),
        ("LPA:1$smdp.example$SECRET-1!4Y8TBX", "may contain only letters"),
        ("LPA:1$smdp.example$SECRET-1 or LPA:1$smdp.example$SECRET-12.", "different activation codes"),
        ("LPA:2$smdp.example$SECRET-1", "only version 1 is supported"),
        ("LPA:1$$SECRET-1", "there is none"),
        ("", "is empty"),
        ("rubbish", "begins with LPA:1$"),
    ],
)
def test_a_mistake_in_the_code_is_a_usage_error(code: str, sentence: str, parties: DownloadParties) -> None:
    ran = parties.run("download", code, "--yes")
    assert ran.code == 2
    assert sentence in ran.err


def test_what_was_left_out_of_a_code_is_noted(parties: DownloadParties) -> None:
    order = parties.order()
    ran = parties.run("download", f"“{order.activation_code}$4Y8TBX # 5 GB”", "--yes")
    assert (ran.code, order.state) == (0, "installed")
    notes = [line.removeprefix("Note: ") for line in ran.err.splitlines() if line.startswith("Note: ")]
    assert notes == [written_code.LABEL_IGNORED, written_code.QUOTES_IGNORED, activation.NO_OID]


def test_a_note_does_not_disturb_json(parties: DownloadParties) -> None:
    ran = parties.run("--json", "download", f"'{parties.order().activation_code}'", "--preview")
    assert ran.code == 0
    assert ran.document["ok"]
    assert ran.err.splitlines()[0] == f"Note: {written_code.QUOTES_IGNORED}"


def test_a_code_without_notes_prints_none(parties: DownloadParties) -> None:
    assert "Note:" not in parties.run("download", parties.order().activation_code, "--preview").err


@pytest.mark.parametrize("matching_id", ["secret_1,a", "Secret-1"])
def test_the_matching_id_and_the_host_are_sent_as_they_are_written(
    parties: DownloadParties, matching_id: str
) -> None:
    order = parties.smdp.order(parties.order().package, matching_id)
    ran = parties.run("download", f"LPA:1${HOST.title()}${matching_id}", "--yes")
    assert (ran.code, order.state) == (0, "installed")
    assert "by Smdp.Example" in ran.err
    assert matching_id not in ran.out + ran.err


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\nLPA:1$other.example$SECRET-1\n"])
def test_the_code_may_be_the_first_line_of_stdin(
    parties: DownloadParties, monkeypatch: pytest.MonkeyPatch, end: bytes
) -> None:
    order = parties.order()
    put_on_stdin(monkeypatch, b"\xef\xbb\xbf" + order.activation_code.encode() + end)
    ran = parties.run("download", "-", "--yes")
    assert (ran.code, order.state) == (0, "installed")
    assert "Note:" not in ran.err


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the activation code is empty."),
        (b"\nLPA:1$smdp.example$SECRET-1", "the activation code is empty."),
        (b"LPA:1$smdp.example$SECRET-1\xff", "may contain only letters"),
        (b"SECRET-1 " * 100_000, "at most 4096 characters."),
    ],
)
def test_a_mistake_on_stdin_is_a_usage_error(
    parties: DownloadParties, monkeypatch: pytest.MonkeyPatch, content: bytes, sentence: str
) -> None:
    put_on_stdin(monkeypatch, content)
    ran = parties.run("--json", "download", "-", "--yes")
    assert ran.code == 2
    assert sentence in ran.document["error"]["message"]


def test_at_a_terminal_the_code_is_asked_for_and_not_shown(parties: DownloadParties) -> None:
    order = parties.order()
    ran = parties.dialogue("download", "-", answers=(order.activation_code, "yes", "no"))
    assert (ran.code, order.state) == (0, "installed")
    assert "Activation code:" in ran.err


@pytest.mark.parametrize("reverse", [False, True])
def test_stdin_has_only_one_of_the_two_codes(
    parties: DownloadParties, monkeypatch: pytest.MonkeyPatch, reverse: bool
) -> None:
    order = parties.order(confirmation_code="4Y8TBX")
    stdin = put_on_stdin(monkeypatch, order.activation_code.encode() + b"\n4Y8TBX\n")
    words = ["-", "--confirmation-code-file", "-"]
    words = [*words[1:], words[0]] if reverse else words
    ran = parties.run("--json", "download", "--yes", *words)
    assert (ran.code, order.state) == (2, "released")
    assert ran.document["error"]["message"] == (
        "The activation code and the confirmation code cannot both come from stdin: use a file for one."
    )
    assert stdin.tell() == 0


def test_a_code_and_an_image_are_not_given_together(
    parties: DownloadParties, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    segno.make(parties.order().activation_code).save(str(tmp_path / "code.png"), scale=4)
    stdin = put_on_stdin(monkeypatch, b"LPA:1$smdp.example$SECRET-1")
    for code in ("-", "LPA:1$smdp.example$SECRET-1"):
        ran = parties.run("download", code, "--qr", tmp_path / "code.png", "--yes")
        assert ran.code == 2
        assert "an activation code or an image, not both" in ran.err
    assert stdin.tell() == 0


@pytest.mark.parametrize("words", [("download",), ("list",), ()])
def test_a_misplaced_code_is_not_repeated(parties: DownloadParties, words: tuple[str, ...]) -> None:
    for code in ("LPA:1$smdp.example$SECRET-1,4Y8TBX", "1 $ smdp.example $ SECRET-1", "$a.b$SECRET-1"):
        assert parties.run(*words, "rubbish", code).code == 2
        assert parties.run(*words, code, "rubbish").code == 2


def test_the_activation_code_may_be_a_qr_code(parties: DownloadParties, tmp_path: Path) -> None:
    order = parties.order()
    segno.make(f"{order.activation_code}#Nordlicht").save(str(tmp_path / "code.png"), scale=4)
    ran = parties.run("download", "--qr", tmp_path / "code.png", "--yes")
    assert (ran.code, order.state) == (0, "installed")
    assert written_code.LABEL_IGNORED in ran.err


def test_an_image_without_an_activation_code_is_a_usage_error(
    parties: DownloadParties, tmp_path: Path
) -> None:
    segno.make("https://example.com").save(str(tmp_path / "other.png"), scale=4)
    ran = parties.run("--json", "download", "--qr", tmp_path / "other.png", "--yes")
    assert ran.code == 2
    assert "this link contains no activation code" in ran.document["error"]["message"]


def _too_many_bytes(path: Path) -> None:
    path.touch()
    os.truncate(path, qr_codes.MOST_BYTES + 1)


UNUSABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda _: None, "cannot be read: No such file or directory."),
    "folder": (Path.mkdir, "is not an ordinary file."),
    "pipe": (os.mkfifo, "is not an ordinary file."),
    "device": (lambda path: path.symlink_to("/dev/zero"), "is not an ordinary file."),
    "file": (_too_many_bytes, "is larger than 64 MiB; crop it to the QR code."),
    "text": (lambda path: path.write_text("no picture"), "is not a readable image (PNG, JPEG, "),
    "program": (
        lambda path: path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n"),
        "is not a readable image (PNG, ",
    ),
    "bomb": (
        lambda path: Image.new("1", (5_000, 4_001)).save(path, "PNG"),
        "has more than 20 megapixels; crop it to the QR code.",
    ),
    "warned bomb": (
        lambda path: Image.new("1", (20_000, 5_000)).save(path, "PNG"),
        "has more than 20 megapixels; crop it to the QR code.",
    ),
    "refused bomb": (
        lambda path: Image.new("1", (40_000, 5_000)).save(path, "PNG"),
        "has more than 20 megapixels; crop it to the QR code.",
    ),
    "blank": (
        lambda path: Image.new("L", (5_000, 4_000), 255).save(path, "PNG"),
        "contains no readable QR code.",
    ),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_an_unusable_image_is_a_usage_error(parties: DownloadParties, tmp_path: Path, kind: str) -> None:
    make, sentence = UNUSABLE[kind]
    make(tmp_path / "code.png")
    ran = parties.run("--json", "download", "--qr", tmp_path / "code.png", "--yes")
    assert ran.code == 2
    assert f"{tmp_path / 'code.png'} {sentence}" in ran.document["error"]["message"]
    assert not ran.err


def test_an_image_with_two_codes_is_a_usage_error(parties: DownloadParties, tmp_path: Path) -> None:
    both = Image.new("L", (400, 200), 255)
    for place in (0, 1):
        segno.make(f"LPA:1$smdp.example$SECRET-1{place}").save(str(tmp_path / "one.png"), scale=4)
        with Image.open(tmp_path / "one.png") as one:
            both.paste(one.convert("L"), (200 * place, 0))
    both.save(tmp_path / "both.png")
    ran = parties.run("download", "--qr", tmp_path / "both.png", "--yes")
    assert ran.code == 2
    assert "contains 2 different QR codes; crop it to one." in ran.err.replace("\n", " ")


@pytest.mark.parametrize("package", ["zxingcpp", "PIL"])
def test_without_the_extra_qr_the_message_says_what_to_install(
    parties: DownloadParties, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, package: str
) -> None:
    (tmp_path / "code.png").touch()
    monkeypatch.setitem(sys.modules, package, None)
    ran = parties.run("--json", "download", "--qr", tmp_path / "code.png", "--yes")
    assert ran.code == 2
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["qr"]
    names = " ".join(requirement.partition(">")[0] for requirement in extra)
    assert ran.document["error"]["message"].endswith(f"pip install {names}")


def test_what_pillow_logs_about_a_damaged_image_is_not_printed(tmp_path: Path) -> None:
    image = tmp_path / "code.tiff"
    Image.new("RGB", (64, 64)).save(image)
    damaged = bytearray(image.read_bytes())
    entry = damaged.index(bytes.fromhex("1501 0300 01000000"))  # SamplesPerPixel, one short
    damaged[entry + 8 : entry + 10] = (2048).to_bytes(2, "little")
    image.write_bytes(damaged)
    ran = subprocess.run(
        [*PROGRAM, "download", "--qr", str(image), "--yes", "--json"], capture_output=True, check=False
    )
    assert b"is not a readable image" in ran.stdout
    assert (ran.returncode, ran.stderr) == (2, b"")
