"""What the documents show is what the commands print, and they are complete."""

import dataclasses
import re
from pathlib import Path

import pytest

from lpa import errors
from lpa.cli import exits
from lpa.cli.commands import sim_orders
from lpa.pages.texts import TEXTS
from lpa.rsp.codec import schema
from lpa.rsp.installation_errors import explain_failure
from lpa.rsp.reasons import explain
from lpa.rsp.status_codes import server_advice, server_reason
from lpa.sim.euicc.behaviour import Behaviour
from tests.support import documented
from tests.support.paths import DOCS, ROOT
from tests.support.raised_errors import KINDS, own_reasons
from tests.support.reasons import NUMBERS, PAIRS, REFUSALS

ERRORS = DOCS / "errors.md"


@pytest.mark.parametrize("document", documented.DOCUMENTS, ids=lambda path: path.name)
def test_a_document_shows_what_the_commands_print(document: Path) -> None:
    assert documented.replayed(document) == document.read_text()


@pytest.mark.parametrize("document", documented.DOCUMENTS, ids=lambda path: path.name)
def test_a_link_to_a_file_leads_to_one(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text())
    assert [target for target in targets if not (document.parent / target).exists()] == []


# What is Chinese in it beside the names that commands print, which are the data of the example.
CHINESE = {
    path.name: re.sub(r"```console.*?```", "", path.read_text(), flags=re.DOTALL)
    for path in documented.DOCUMENTS
    if path.name.endswith(".zh-CN.md")
} | {"pages": "\n".join(chinese for _, chinese in TEXTS.values())}


@pytest.mark.parametrize("text", CHINESE.values(), ids=CHINESE)
def test_chinese_sentences_have_chinese_punctuation(text: str) -> None:
    """Comments in code too; but code between the lines, and addresses, have their own."""
    words = re.sub(r"(?<!`)`[^`\n]+`(?!`)|\]\([^)]*\)", "", text)
    assert re.findall(r".?[\u4e00-\u9fff][,:;?!()]|[,:;?!()][\u4e00-\u9fff].?", words) == []


@pytest.mark.parametrize("text", CHINESE.values(), ids=CHINESE)
def test_what_commands_print_in_english_is_not_given_chinese_punctuation(text: str) -> None:
    assert re.findall(r"“[ -~]+[，：；？！]", text) == []


@pytest.mark.parametrize("text", CHINESE.values(), ids=CHINESE)
def test_a_profile_is_called_by_one_word_in_chinese(text: str) -> None:
    assert re.findall(r".{,4}配置(?!文件).{,4}|套餐", text) == []


@pytest.mark.parametrize("kind", KINDS.values())
def test_every_kind_of_error_is_documented_with_its_advice(kind: type[errors.LpaError]) -> None:
    rows = [line for line in ERRORS.read_text().splitlines() if f"`{kind.__name__}`" in line]
    assert any(kind.advice in row for row in rows)


@pytest.mark.parametrize(("function", "reason"), REFUSALS)
def test_every_reason_of_a_card_is_documented_with_its_sentences(function: str, reason: str) -> None:
    message, advice = explain(function, reason)
    rows = [line for line in ERRORS.read_text().splitlines() if line.startswith(f"| `{reason}` |")]
    assert any(function in row and f"| {message} | {advice} |" in row for row in rows)


@pytest.mark.parametrize("number", NUMBERS)
def test_every_reason_of_a_failed_installation_is_documented_with_its_sentences(number: int) -> None:
    reason = schema.named("ErrorReason", number)
    message, advice = explain_failure(reason)
    assert f"| `{reason}` | {message} | {advice} |" in ERRORS.read_text().splitlines()


@pytest.mark.parametrize("pair", PAIRS)
def test_every_reason_of_a_server_is_documented_with_its_sentences(pair: str) -> None:
    codes = pair.split("/")
    row = f"| `{pair}` | {server_reason(*codes)} | {server_advice(*codes) or ''} |"
    assert row in ERRORS.read_text().splitlines()


def test_every_reason_of_our_own_is_documented() -> None:
    text = ERRORS.read_text()
    assert [reason for reason in sorted(own_reasons()) if f"| `{reason}` |" not in text] == []


@pytest.mark.parametrize("document", [ERRORS, ROOT / "README.md", ROOT / "README.zh-CN.md"])
def test_every_exit_code_is_in_the_table_of_exit_codes(document: Path) -> None:
    codes = {code for name, code in vars(exits).items() if name.isupper() and isinstance(code, int)}
    rows = re.findall(r"^\| (\d+) \|", document.read_text(), re.MULTILINE)
    assert sorted(map(int, rows)) == sorted({0} | codes)


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_first_section_of_the_readme_says_what_was_tried_and_what_was_not(name: str) -> None:
    first, *_ = (ROOT / name).read_text().split("\n## ")
    assert "](docs/interop.md)" in first
    assert "lpac" in first


INTEROP = (DOCS / "interop.md").read_text().splitlines()


@pytest.mark.parametrize("row", [row for row in INTEROP if "`tests/" in row])
def test_a_test_that_is_said_to_show_something_is_there(row: str) -> None:
    files = re.findall(r"`(tests/[^`]+)`", row)
    code = "".join((ROOT / file).read_text() for file in files)
    named = re.findall(r"`(test_\w+)`", row)
    assert [test for test in named if f"def {test}(" not in code] == []


def test_how_a_simulated_card_can_differ_is_documented_with_what_it_does_by_default() -> None:
    sections = re.split(r"^## (.*)", (DOCS / "simulator" / "cards.md").read_text(), flags=re.MULTILINE)
    text = sections[sections.index("Behaviour") + 1]
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", text, re.MULTILINE))
    assert sorted(rows) == sorted(field.name for field in dataclasses.fields(Behaviour))
    for field in dataclasses.fields(Behaviour):
        stated = rows[field.name]
        if isinstance(field.default, bool):
            assert stated == ("yes" if field.default else "no"), field.name
        elif isinstance(field.default, int):
            assert stated == str(field.default), field.name
        elif str(field.type).startswith("Literal"):
            assert stated == f'`"{field.default}"`', field.name


def test_every_option_of_an_order_is_documented() -> None:
    text = (DOCS / "simulator" / "servers.md").read_text()
    options = [option for parameter in sim_orders.add.params for option in parameter.opts]
    assert [option for option in options if option not in text] == []
