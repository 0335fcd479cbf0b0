"""The pages in a real browser: they show, they print on A4, and they load nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lpa.pages import html
from lpa.pages.words import LANGUAGES, Language
from tests.unit import sheets

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PAGES: dict[str, Callable[[Language], str]] = {"receipt": sheets.receipt, "profile": sheets.profile}
TITLES = {
    ("receipt", "en"): "Proof of deletion",
    ("receipt", "zh-CN"): "删除凭证",
    ("profile", "en"): "Particulars of an eSIM profile",
    ("profile", "zh-CN"): "eSIM 配置文件资料",
}


def browse(page: Path, *options: str) -> str:
    """Open `page` without a window, and without a way out of this computer. What the browser prints."""
    program = next(found for name in BROWSERS if (found := shutil.which(name)))
    home = f"--user-data-dir={page.parent / 'browser'}"
    quiet = (
        "--disable-gpu",
        "--hide-scrollbars",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        home,
    )
    # Without the sandbox, because tests also run as root; the page is ours.
    command = [program, "--headless", "--no-sandbox", *quiet, *options, page.as_uri()]
    return subprocess.run(command, capture_output=True, check=True, text=True, timeout=120).stdout


def colours(screenshot: Path) -> int:
    """How many different bytes a PNG's rows hold: few, if it is blank."""
    data, rows = screenshot.read_bytes(), b""
    at = 8
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        rows += data[at + 8 : at + 8 + length] if data[at + 4 : at + 8] == b"IDAT" else b""
        at += length + 12
    return len(set(zlib.decompress(rows)))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", PAGES)
def test_a_page_shows_and_prints_on_a4(kind: str, language: Language, tmp_path: Path) -> None:
    page, picture, print_out = (tmp_path / name for name in ("page.html", "page.png", "page.pdf"))
    page.write_text(PAGES[kind](language), encoding="utf-8")
    seen = browse(page, f"--screenshot={picture}", "--window-size=900,1200", "--dump-dom")
    assert TITLES[kind, language] in re.sub("<[^>]*>", "", seen)
    assert colours(picture) > 150
    browse(page, "--no-pdf-header-footer", f"--print-to-pdf={print_out}")
    printed = print_out.read_bytes()
    assert re.findall(rb"/MediaBox \[0 0 (\d+)[.\d]* (\d+)", printed)[0] == (b"594", b"841")
    assert len(re.findall(rb"/Type /Page\b", printed)) == {"receipt": 2, "profile": 1}[kind]


def test_a_blank_page_would_be_noticed(tmp_path: Path) -> None:
    page, picture = tmp_path / "page.html", tmp_path / "page.png"
    page.write_text(html.document("en", "nothing"))
    browse(page, f"--screenshot={picture}", "--window-size=900,1200")
    assert colours(picture) < 150


@pytest.fixture
def visits() -> Iterator[tuple[str, list[str]]]:
    """A web server on this computer, and which of its paths were asked for."""
    asked: list[str] = []

    class Visited(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Visited) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def test_even_a_page_that_was_tampered_with_loads_nothing(
    visits: tuple[str, list[str]], tmp_path: Path
) -> None:
    address, asked = visits
    picture = f'<img src="{address}/picture"><script src="{address}/script"></script>'
    tampered = sheets.receipt().replace("</main>", f"{picture}</main>")
    page = tmp_path / "page.html"
    page.write_text(re.sub("<meta http-equiv[^>]*>", "", tampered), encoding="utf-8")
    browse(page, "--dump-dom")
    assert sorted(asked) == ["/picture", "/script"]
    asked.clear()
    page.write_text(tampered, encoding="utf-8")
    browse(page, "--dump-dom")
    assert asked == []
