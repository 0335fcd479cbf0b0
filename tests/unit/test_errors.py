"""The messages and advice of all errors are sentences."""

import ast
import copy
import json
import multiprocessing
import pickle
import re
from concurrent.futures import ProcessPoolExecutor

import pytest

from lpa import errors, redaction
from lpa.advice.cards import WRITE_SIM
from lpa.advice.profiles import LIST_SHOWS
from lpa.profiles.switching import Outcome
from lpa.rsp.names import Iccid
from lpa.rsp.records import Profile
from tests.support.error_examples import EXAMPLES, every_kind, known, raising
from tests.support.raised_errors import KINDS, own_reasons, raised


def _ends(message: ast.expr) -> tuple[str, str]:
    """The first and the last literal part of a message; "X." stands for a value."""
    parts = message.values if isinstance(message, ast.JoinedStr) else [message]
    first, last = (part.value if isinstance(part, ast.Constant) else "X." for part in (parts[0], parts[-1]))
    return str(first), str(last)


@pytest.mark.parametrize(
    ("place", "call"), list(raised()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_message_is_a_sentence(place: str, call: ast.Call) -> None:
    first, last = _ends(call.args[-1])
    assert re.match(r"[A-Z]|--[a-z]", first), place  # a sentence may begin with the name of an option
    assert re.search(r"[.!?]$", last), place


def test_a_long_message_is_cut_between_two_words() -> None:
    error = errors.NotVerified("It says " + "more and " * 10_000)
    assert str(error) == error.message
    assert re.fullmatch(r"It says( more and)+( more)?…", error.message)
    assert 4000 < len(error.message) <= 4096
    error.add("It does not end.")
    assert str(error).endswith("… It does not end.")
    assert len(str(error)) <= 4096
    error.add("more and " * 10_000)
    assert len(str(error)) <= 4096
    assert errors.BadAnswer("x" * 5000).message == "…"


@pytest.mark.parametrize("kind", KINDS.values())
def test_every_advice_is_a_sentence(kind: type[errors.LpaError]) -> None:
    assert re.fullmatch(r"([A-Z].*[.)])?", kind.advice)
    assert kind.__name__ in str(errors.__doc__)


def test_the_places_are_found() -> None:
    assert len(list(raised())) > 50
    assert {"nothingKept", "otherProfile"} <= own_reasons()


def test_there_is_an_example_of_every_kind_of_error() -> None:
    assert {type(error) for error in EXAMPLES} == {*every_kind()}


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_is_copied_and_pickled_with_all_that_it_knows(error: errors.LpaError) -> None:
    error.add("It was tried once.")
    for same in (copy.copy(error), copy.deepcopy(error), pickle.loads(pickle.dumps(error))):  # noqa: S301 (ours)
        assert type(same) is type(error)
        assert (str(same), same.args, known(same)) == (str(error), error.args, known(error))
        assert (same.advice_id, same.advice_values) == (error.advice_id, error.advice_values)


def test_errors_come_from_other_processes_as_they_were_raised() -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        for error, future in [(error, pool.submit(raising, error)) for error in EXAMPLES]:
            raised_there = future.exception()
            assert isinstance(raised_there, errors.LpaError)
            assert type(raised_there) is type(error)
            assert known(raised_there) == known(error)


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_becomes_json_and_an_error_again(error: errors.LpaError) -> None:
    document = error.to_json()
    assert json.loads(json.dumps(document)) == document
    assert document["kind"] == error.kind
    again = errors.LpaError.from_json(document)
    assert again.kind == error.kind
    assert again.to_json() == {name: value for name, value in document.items() if name != "outcome"}


def test_an_error_says_what_it_knows() -> None:
    refused = errors.ServerRefused(
        "AuthenticateClient", "8.2.6", "3.8", "No.", http_status=200, server_message="Not yours"
    )
    assert refused.to_json() == {
        "kind": "ServerRefused",
        "reason": "8.2.6/3.8",
        "message": "No.",
        "advice": "Ask the operator; the codes above say why their server refused.",
        "advice_id": "askWithCodes",
        "function": "AuthenticateClient",
        "subject": "8.2.6",
        "reason_code": "3.8",
        "http_status": 200,
        "server_message": "Not yours",
    }
    missing = errors.NoSuchProfile("EnableProfile", "None.", names=("0017",), advice=LIST_SHOWS)
    assert missing.to_json() == {
        "kind": "NoSuchProfile",
        "reason": "iccidOrAidNotFound",
        "message": "None.",
        "advice": "'lpa list' shows what it holds.",
        "advice_id": "listShows",
        "function": "EnableProfile",
        "names": ["0017"],
    }


def test_advice_of_a_caller_has_no_id() -> None:
    error = errors.NoReader("None.", advice="Call me.")
    assert (error.advice, error.advice_id, error.advice_values) == ("Call me.", "", {})
    assert "advice_id" not in error.to_json()


def test_the_json_of_an_error_has_no_secrets() -> None:
    redaction.register_secret("QR-G-5C-1LS")
    error = errors.ServerRefused(
        "AuthenticateClient",
        "8.2.6",
        "3.8",
        "It says QR-G-5C-1LS.",
        advice=WRITE_SIM.filled(name="QR-G-5C-1LS"),
        server_message="QR-G-5C-1LS is used",
    )
    assert "QR-G" not in json.dumps(error.to_json())


def test_what_a_stop_ended_is_in_its_json() -> None:
    profile = Profile(Iccid.parse("8944994000000000017"))
    stopped = errors.Stopped("It was stopped.", outcome=Outcome(profile))
    assert stopped.to_json()["outcome"]["profile"]["iccid"] == "8944994000000000017"


VALID = {"kind": "NoCard", "reason": None, "message": "Empty.", "advice": "Fill it."}


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (None, "an error is an object, not 'None'"),
        ([], r"an error is an object, not '\[\]'"),
        (VALID | {"kind": "System"}, "there is no error of the kind 'System'"),
        (VALID | {"kind": "BaseException"}, "there is no error of the kind 'BaseException'"),
        (VALID | {"kind": ["NoCard"]}, "'kind' of an error is not of the right type"),
        (VALID | {"message": 7}, "'message' of an error is not of the right type: '7'"),
        (VALID | {"advice": None}, "'advice' of an error is not of the right type"),
        (VALID | {"reason": 7}, "'reason' of an error is not of the right type"),
        (VALID | {"advice_id": 7}, "'advice_id' of an error is not of the right type"),
        (VALID | {"advice_id": "x", "advice_values": []}, "'advice_values' of an error"),
        (VALID | {"sw": True}, "'sw' of an error is not of the right type: 'True'"),
        (VALID | {"sw": "9000"}, "'sw' of an error is not of the right type"),
        (VALID | {"names": "0017"}, "'names' of an error is not of the right type"),
        (VALID | {"names": [17]}, "'names' of an error is not of the right type"),
    ],
)
def test_json_that_is_no_error_is_a_value_error(document: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}"):
        errors.LpaError.from_json(document)


def test_what_an_error_in_json_does_not_say_is_empty() -> None:
    bare = {"reason": None, "message": "x", "advice": ""}
    for kind, name, value in [
        ("BadAnswer", "sw", 0),
        ("BadAnswer", "http_status", None),
        ("Refused", "function", ""),
        ("NoSuchProfile", "names", ()),
        ("EuiccRefused", "code", 0),
        ("ServerRefused", "server_message", ""),
        ("Stopped", "outcome", None),
    ]:
        assert getattr(errors.LpaError.from_json(bare | {"kind": kind}), name) == value


def test_a_class_reads_only_errors_of_its_own() -> None:
    assert isinstance(errors.WireError.from_json(VALID), errors.NoCard)
    with pytest.raises(ValueError, match="no error of the kind 'NoCard'"):
        errors.Refused.from_json(VALID)


def test_a_profile_that_the_card_does_not_know_is_caught_in_two_ways() -> None:
    refused = errors.NoSuchProfileOnCard("SetNickname", "iccidNotFound", 1, "None.")
    assert isinstance(refused, errors.NoSuchProfile)
    assert isinstance(refused, errors.EuiccRefused)
    assert (refused.kind, refused.code, refused.names) == ("NoSuchProfile", 1, ())
