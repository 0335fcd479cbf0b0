"""Variations of a server's answers that are permitted, and make no difference to a download."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from lpa.errors import BadAnswer
from lpa.rsp.codec.ber import Tlv
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers import packages
from lpa.sim.servers.simulated_server import ServerResponse
from tests.support.interfering import Change
from tests.support.orders import OrderedDownload, assistant_with, made

FUNCTIONS = ["initiateAuthentication", "authenticateClient", "getBoundProfilePackage"]
BINARIES = {
    "initiateAuthentication": [
        "serverSigned1",
        "serverSignature1",
        "euiccCiPKIdToBeUsed",
        "serverCertificate",
    ],
    "authenticateClient": ["profileMetadata", "smdpSigned2", "smdpSignature2", "smdpCertificate"],
    "getBoundProfilePackage": ["boundProfilePackage"],
}
CLASS = bytes.fromhex("950102")
MEMBERS = [(function, member) for function, members in BINARIES.items() for member in members]


@pytest.fixture
def ordered(euicc: SimulatedEuicc, tmp_path: Path) -> Iterator[OrderedDownload]:
    yield from made(euicc, tmp_path)


def _in_lines(text: str) -> str:
    return "".join(f"{text[at : at + 64]}\r\n" for at in range(0, len(text), 64))


def _without_padding(text: str) -> str:
    return text.rstrip("=")


@pytest.mark.parametrize("written", [_in_lines, _without_padding])
@pytest.mark.parametrize(("function", "member"), MEMBERS)
def test_base64_may_be_in_lines_and_without_padding(
    function: str, member: str, written: Callable[[str], str], ordered: OrderedDownload
) -> None:
    def change(members: dict[str, Any]) -> None:
        members[member] = written(members[member])

    ordered.https.change[function] = change
    ordered.download()
    assert ordered.order.state == "installed"


FREE: dict[str, Change] = {
    "small letters": lambda members: members.update(transactionId=members["transactionId"].lower()),
    "more members": lambda members: members.update(new={"a": [1]}),
    "with a warning": lambda members: members["header"]["functionExecutionStatus"].update(
        status="Executed-WithWarning"
    ),
}


@pytest.mark.parametrize("change", FREE.values(), ids=FREE)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_permitted_variations_of_answers_are_accepted(
    function: str, change: Change, ordered: OrderedDownload
) -> None:
    ordered.https.change[function] = change
    ordered.download()
    assert ordered.order.state == "installed"


def test_the_content_type_may_have_a_charset_at_every_function(ordered: OrderedDownload) -> None:
    kinds: list[str] = []

    def named(_: str, answer: ServerResponse) -> ServerResponse:
        kinds.append("application/json;charset=UTF-8")
        return replace(answer, headers=answer.headers | {"Content-Type": kinds[-1]})

    ordered.smdp.distort = named
    ordered.download()
    assert ordered.order.state == "installed"
    assert len(kinds) == 4  # three for the download, one for its result


def _error_page(function: str) -> Callable[[str, ServerResponse], ServerResponse]:
    def distort(name: str, answer: ServerResponse) -> ServerResponse:
        if name != function:
            return answer
        page = b"<html><body>Internal error</body></html>"
        return replace(
            answer, status=HTTPStatus.INTERNAL_SERVER_ERROR, headers={"Content-Type": "text/html"}, body=page
        )

    return distort


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_error_page_at_any_function_ends_the_download_and_not_the_order(
    function: str, ordered: OrderedDownload
) -> None:
    ordered.smdp.distort = _error_page(function)
    error = ordered.fails()
    assert isinstance(error, BadAnswer)
    assert "HTTP status 500" in error.message
    assert ordered.has_nothing()
    ordered.smdp.distort = None
    ordered.download()
    assert ordered.order.state == "installed"


def test_a_result_answered_with_an_error_page_is_sent_again(ordered: OrderedDownload) -> None:
    ordered.smdp.distort = _error_page("handleNotification")
    ordered.download()
    assert not ordered.has_nothing()
    ordered.smdp.distort = None
    with assistant_with(ordered.card, ordered.https, ordered.folder) as assistant:
        assert [delivery.acknowledged for delivery in assistant.send_notifications()] == [True]


def _class_in_preview(written: bool) -> Change:
    """The preview with the class operational, which is the default, written out or left out."""

    def change(members: dict[str, Any]) -> None:
        parts = [
            part for part in Tlv.whole(base64.b64decode(members["profileMetadata"])).children if part != CLASS
        ]
        preview = Tlv.build(0xBF25, *parts, *([CLASS] if written else []))
        members["profileMetadata"] = base64.b64encode(preview).decode()

    return change


@pytest.mark.parametrize("in_package", ["", "operational"])
@pytest.mark.parametrize("in_preview", [False, True])
def test_the_default_class_may_be_written_out_or_left_out(
    in_preview: bool, in_package: str, ordered: OrderedDownload
) -> None:
    package = packages.sample("8949985000000091008", profile_class=in_package)
    assert (package.metadata.child(0x95) == CLASS) is bool(in_package)
    order = ordered.smdp.order(package, "ABC-9")
    ordered.https.change["authenticateClient"] = _class_in_preview(in_preview)
    ordered.download(order)
    assert order.state == "installed"
