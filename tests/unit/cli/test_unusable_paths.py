"""A path that the system refuses is named, with the reason and advice that fits: exit code 3."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import command
from tests.support.command import refusal
from tests.support.unprivileged import unprivileged

NORDLICHT, SHILI = "8949985000000000025", "89869870000000000033"
FORBIDDEN = "Permission denied.\nUse an account that has access to it, or "
STATE = "choose another folder with --state-dir."
# Ways to a file or folder, by what the system says of each.
WAYS = {
    "Permission denied": "closed/inside",
    "Not a directory": "file/inside",
    "Too many levels of symbolic links": "loop/inside",
    "File name too long": "x" * 300,
}


@pytest.fixture
def card(tmp_path: Path) -> Path:
    return command.card(tmp_path / "card")


@pytest.fixture
def state(tmp_path: Path, card: Path) -> Path:
    return command.unsent_deletion(card, tmp_path / "state", SHILI)


@pytest.fixture
def ways(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """From what the system says to a path of which it says that."""
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    with unprivileged():
        yield lambda says: tmp_path / WAYS[says]
    closed.chmod(0o700)


PATHS: list[tuple[str, tuple[str, ...], str]] = [
    (
        "Permission denied",
        ("receipts", "verify", "{}"),
        "The receipt in {} cannot be read: " + FORBIDDEN + "name another file.",
    ),
    (
        "Permission denied",
        ("receipts", "show", "{}"),
        "The receipt in {} cannot be read: " + FORBIDDEN + "name another file.",
    ),
    (
        "File name too long",
        ("receipts", "verify", "{}"),
        "The receipt in {} cannot be read: File name too long.\nName another file.",
    ),
    (
        "Permission denied",
        ("--state-dir", "{}", "receipts", "list"),
        "The receipts in {}/receipts cannot be read: " + FORBIDDEN + STATE,
    ),
    (
        "Not a directory",
        ("--state-dir", "{}", "receipts", "show", "1"),
        "The receipts in {}/receipts cannot be read: Not a directory.\n"
        "Choose another folder with --state-dir.",
    ),
    (
        "Too many levels of symbolic links",
        ("--state-dir", "{}", "receipts", "list"),
        "The receipts in {}/receipts cannot be read: Too many levels of symbolic links.\n"
        "Choose another folder with --state-dir.",
    ),
    (
        "Permission denied",
        ("--state-dir", "{}", "protect", "--list"),
        "The journal in {} cannot be used: Permission denied.\nMake the folder writable for you alone, or "
        + STATE,
    ),
    (
        "Not a directory",
        ("--state-dir", "{}", "protect", "--list"),
        "The journal in {} cannot be used: Not a directory.\nChoose another folder with --state-dir.",
    ),
    (
        "Permission denied",
        ("--reader", "sim:{}", "list"),
        "The simulated card in {} cannot be read: " + FORBIDDEN + "create another card with 'lpa sim new'.",
    ),
    (
        "Too many levels of symbolic links",
        ("--reader", "sim:{}", "list"),
        "The simulated card in {} cannot be read: Too many levels of symbolic links.\n"
        "Create another card with 'lpa sim new'.",
    ),
    (
        "File name too long",
        ("--reader", "sim:{}", "info"),
        "The simulated card in {} cannot be read: File name too long.\n"
        "Create another card with 'lpa sim new'.",
    ),
    (
        "Not a directory",
        ("--reader", "sim:{}", "list"),
        "The folder {} contains no simulated card.\nCreate one with 'lpa sim new'.",
    ),
    (
        "Permission denied",
        ("sim", "card", "{}"),
        "The simulated card in {} cannot be read: " + FORBIDDEN + "create another card with 'lpa sim new'.",
    ),
    (
        "Permission denied",
        ("sim", "new", "{}"),
        "Cannot store a simulated card in the folder {}: " + FORBIDDEN + "choose another folder.",
    ),
    (
        "Not a directory",
        ("sim", "new", "{}"),
        "Cannot store a simulated card in the folder {}: Not a directory.\nChoose another folder.",
    ),
    (
        "Permission denied",
        ("sim", "new", "{}-new", "--identity", "{}"),
        "The identity in {} cannot be read: " + FORBIDDEN + "name another folder.",
    ),
    (
        "Permission denied",
        ("sim", "server", "--pki", "{}"),
        "The certificate authority in {} cannot be read: " + FORBIDDEN + "name another folder.",
    ),
    (
        "Permission denied",
        ("sim", "server", "order", "list", "--pki", "{}"),
        "Cannot read or write the orders in {}/orders.db: unable to open database file.\n"
        "Make the folder writable, check that its disk works and has free space, "
        "or name another folder with --pki.",
    ),
]


@pytest.mark.parametrize(("says", "arguments", "expected"), PATHS)
def test_a_path_that_cannot_be_used_is_named_with_the_reason(
    ways: Callable[[str], Path], says: str, arguments: tuple[str, ...], expected: str
) -> None:
    path = str(ways(says))
    ran = command.run(*(argument.replace("{}", path) for argument in arguments))
    assert refusal(ran) == expected.replace("{}", path) + "\n"


@pytest.mark.parametrize(
    ("says", "arguments", "expected"),
    [
        (
            "Permission denied",
            ("backup", "{}"),
            "The backup cannot be written to {}: " + FORBIDDEN + "choose another folder.",
        ),
        (
            "Not a directory",
            ("backup", "{}"),
            "The backup cannot be written to {}: {..} is not a folder.\nChoose another folder.",
        ),
        (
            "Permission denied",
            ("show", NORDLICHT, "--html", "{}"),
            "The page cannot be written to {}: " + FORBIDDEN + "name another file.",
        ),
    ],
)
def test_a_place_that_cannot_be_written_is_named_with_the_reason(
    card: Path, ways: Callable[[str], Path], says: str, arguments: tuple[str, ...], expected: str
) -> None:
    path = ways(says)
    ran = command.run(
        "--reader", f"sim:{card}", *(argument.replace("{}", str(path)) for argument in arguments)
    )
    assert refusal(ran) == expected.replace("{}", str(path)).replace("{..}", str(path.parent)) + "\n"


def test_a_receipt_that_cannot_be_reached_does_not_hide_the_others(
    state: Path, ways: Callable[[str], Path]
) -> None:
    closed = ways("Permission denied").parent
    ran = command.run("--state-dir", state, "notifications", "send", closed, state / "receipts")
    assert ran.err.splitlines() == [
        f"Not sent: The receipts in {closed} cannot be read: Permission denied.",
        "  Use an account that has access to it, or name another folder.",
    ]
    assert f"delete of {SHILI}" in ran.out


def test_the_profiles_are_listed_if_the_journal_cannot_be_reached(
    card: Path, ways: Callable[[str], Path]
) -> None:
    path = ways("Permission denied")
    ran = command.run("--reader", f"sim:{card}", "--state-dir", path, "--json", "list")
    assert (ran.code, ran.document["result"]["profiles"][0]["protected"]) == (0, None)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--state-dir", "a\0b", "receipts", "list"), 2),
        (("receipts", "verify", "a\0b"), 2),
        (("notifications", "send", "a\0b"), 2),
        (("sim", "new", "a\0b"), 2),
        (("--trace", "a\0b", "readers"), 2),
        (("--reader", "sim:a\0b", "list"), 3),
        (("--reader", "sim:a\0b", "doctor"), 3),
    ],
)
def test_a_path_with_a_null_byte_is_no_path(arguments: tuple[str, ...], code: int) -> None:
    ran = command.run(*arguments)
    assert ran.code == code
    assert "null byte" in ran.err
