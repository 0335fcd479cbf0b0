"""The pages in a real browser: they are drawn, print on A4, and load nothing."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import threading
import zlib
from collections.abc import Callable, Iterator
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from lpa.cli.qr_codes import text_in
from lpa.pages import LANGUAGES, Language, html
from tests.support import sample_pages

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PAGES: dict[str, Callable[[Language], str]] = {
    "receipt": sample_pages.receipt,
    "profile": sample_pages.profile,
}
TITLES = {
    ("receipt", "en"): "Proof of deletion",
    ("receipt", "zh-CN"): "删除凭证",
    ("profile", "en"): "eSIM profile details",
    ("profile", "zh-CN"): "eSIM 配置文件资料",
}


def browse(page: Path, *options: str) -> str:
    """Open `page` headless and without network; returns what the browser prints."""
    program = next(found for name in BROWSERS if (found := shutil.which(name)))
    home = f"--user-data-dir={page.parent / 'browser'}"
    quiet = (
        "--disable-gpu",
        "--hide-scrollbars",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        home,
    )
    # Without the sandbox, because tests also run as root.
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


# A script inside the page that reports elements wider than the window or the sheet, and how many different
# glyphs the browser draws for its Chinese characters. Missing glyphs would all be the same box.
LOOK = """
const found = {}, sheet = document.querySelector("main").getBoundingClientRect();
found.wide = [...document.querySelectorAll("main *")].filter(one => {
  const place = one.getBoundingClientRect();
  return place.right > sheet.right + 1 || place.left < sheet.left - 1 || one.scrollWidth > one.clientWidth + 1
    && getComputedStyle(one).display !== "inline";
}).map(one => one.outerHTML.slice(0, 80));
found.scrolls = document.documentElement.scrollWidth > document.documentElement.clientWidth;
const canvas = document.createElement("canvas"), pen = canvas.getContext("2d", {willReadFrequently: true});
canvas.width = canvas.height = 40;
pen.textBaseline = "top";
pen.font = "32px " + getComputedStyle(document.body).fontFamily;
const drawn = sign => {
  pen.clearRect(0, 0, 40, 40);
  pen.fillText(sign, 2, 2);
  return pen.getImageData(0, 0, 40, 40).data.filter((_, place) => place % 4 === 3).join();
};
const signs = [...new Set(document.body.innerText.match(/[\\u4e00-\\u9fff]/g) || [])];
found.signs = signs.length;
found.pictures = new Set(signs.map(drawn)).size;
found.boxes = signs.filter(sign => drawn(sign) === drawn("\\u{10ffff}"));
document.body.textContent = JSON.stringify(found);
"""


def looked_at(page: str, folder: Path, width: int) -> dict[str, Any]:
    """What LOOK reports in a window of this width. The policy, which forbids scripts, is removed first."""
    path = folder / "looked_at.html"
    path.write_text(
        re.sub("<meta http-equiv[^>]*>", "", page).replace("</body>", f"<script>{LOOK}</script></body>")
    )
    shown = re.sub(
        "<[^>]*>", "", browse(path, "--dump-dom", f"--window-size={width},1200").split("<body>")[1]
    )
    found: dict[str, Any] = json.loads(unescape(shown))
    return found


SHEETS = {
    "receipt": sample_pages.receipt,
    "doubt": sample_pages.doubt,
    "profile": sample_pages.profile,
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", SHEETS)
def test_every_character_is_drawn_and_nothing_overflows(
    kind: str, language: Language, tmp_path: Path
) -> None:
    page = SHEETS[kind](language)
    for width in (900, 500):  # a sheet of paper and a phone
        found = looked_at(page, tmp_path, width)
        assert (found["wide"], found["scrolls"]) == ([], False)
        assert found["signs"] >= (50 if language == "zh-CN" else 0)
        assert (found["pictures"], found["boxes"]) == (found["signs"], [])


def test_overflow_and_missing_glyphs_would_be_noticed(tmp_path: Path) -> None:
    wide = html.document("en", "x", html.element("p", "x" * 500), html.element("p", "一"))
    found = looked_at(wide.replace("一", "\u9fff\u9ffe"), tmp_path, 900)
    assert found["scrolls"]
    assert len(found["wide"]) == 1
    assert (found["pictures"], len(found["boxes"])) == (1, 2)  # No common font has glyphs for these.


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_qr_code_on_the_page_is_the_hash_of_the_receipt(language: Language, tmp_path: Path) -> None:
    page, picture = tmp_path / "page.html", tmp_path / "page.png"
    page.write_text(sample_pages.receipt(language), encoding="utf-8")
    browse(page, f"--screenshot={picture}", "--window-size=900,1200")
    assert text_in(picture) == hashlib.sha256(sample_pages.RECEIPT).hexdigest().upper()


def test_a_blank_page_would_be_noticed(tmp_path: Path) -> None:
    page, picture = tmp_path / "page.html", tmp_path / "page.png"
    page.write_text(html.document("en", "nothing"))
    browse(page, f"--screenshot={picture}", "--window-size=900,1200")
    assert colours(picture) < 150


@pytest.fixture
def visits() -> Iterator[tuple[str, list[str]]]:
    """A web server on this computer, and the paths that were requested from it."""
    asked: list[str] = []

    class Visited(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Visited) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def test_even_a_tampered_page_loads_nothing(visits: tuple[str, list[str]], tmp_path: Path) -> None:
    address, asked = visits
    picture = f'<img src="{address}/picture"><script src="{address}/script"></script>'
    tampered = sample_pages.receipt().replace("</main>", f"{picture}</main>")
    page = tmp_path / "page.html"
    page.write_text(re.sub("<meta http-equiv[^>]*>", "", tampered), encoding="utf-8")
    browse(page, "--dump-dom")
    assert sorted(asked) == ["/picture", "/script"]
    asked.clear()
    page.write_text(tampered, encoding="utf-8")
    browse(page, "--dump-dom")
    assert asked == []
