"""The schemas and their page are up to date, and the tests produce what the schemas describe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lpa.cli.commands import schema
from tests.support.json_schemas import branches, corpus, files, page, validation

WRITES = "`python -m tests.support.json_schemas` writes it"


def test_the_schemas_are_up_to_date() -> None:
    made = files.files()
    assert sorted(made) == sorted(files.FOLDER.iterdir())
    assert [path.name for path, text in made.items() if path.read_text() != text] == [], WRITES


def test_the_page_is_up_to_date() -> None:
    assert page.page() == page.PAGE.read_text(encoding="utf-8"), WRITES


def test_every_branch_is_in_a_document_of_the_tests_or_is_listed_with_the_reason() -> None:
    every = {branch for name in ["", *schema.commands()] for branch in branches.every(name)}
    met = {branch for document in corpus.documents() for branch in branches.met(document)}
    assert met <= every
    assert sorted(every - met) == sorted(corpus.UNMET)


def test_each_document_of_the_tests_follows_its_schema() -> None:
    for document in corpus.documents():
        validation.check(document)


LISTED: dict[str, Any] = {
    "command": "list",
    "ok": True,
    "exit_code": 0,
    "result": {"profiles": [], "unreadable": []},
}


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ({"profiles": []}, "'unreadable' is a required property"),
        ({"profiles": [], "unreadable": [], "more": 1}, "'more' was unexpected"),
        ({"profiles": [], "unreadable": ["FF"]}, "'FF' does not match"),
        ({"profiles": [{}], "unreadable": []}, "is a required property"),
    ],
)
def test_a_document_of_a_test_is_checked_more_strictly_than_a_reader_should(
    result: dict[str, object], message: str
) -> None:
    validation.check(LISTED)
    with pytest.raises(AssertionError, match=message):
        validation.check(LISTED | {"result": result})


def test_a_word_of_our_own_that_is_not_listed_is_found() -> None:
    error = {"kind": "NewKind", "reason": None, "message": "x", "advice": ""}
    failed = {"command": "list", "ok": False, "exit_code": 3, "error": error}
    with pytest.raises(AssertionError, match="NewKind"):
        validation.check(failed)


def test_documents_are_kept_for_the_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LPA_DOCUMENTS", str(tmp_path))
    validation.check(LISTED)
    assert corpus._read(tmp_path)
    assert len(corpus.chosen([LISTED, LISTED])) == 1
