"""Which profiles the simulated card accepts: memory, policy rules and configured failures."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from lpa.rsp.codec import schema
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.der import parts, value
from tests.support.downloads import (
    CODED,
    ICCID,
    Conversation,
    Package,
    failure,
    left_nothing,
    profile_elements,
    store_metadata,
    verify,
)
from tests.support.terminal import made


@pytest.fixture
def talk() -> Conversation:
    return Conversation(made())


# Memory


def sizes(package: Package) -> int:
    return 1024 + len(package.metadata) + len(package.elements)


def loaded(free: int, package: Package) -> bytes:
    card = SimulatedEuicc.create(None, free_memory=free)
    result = Conversation(card).download(package)
    assert len(card.profiles) == 3 + (b"\xa2\x1f\xa0" in result)
    return result


@pytest.mark.parametrize("filling", [0, 5000])
def test_a_profile_needs_enough_memory(filling: int) -> None:
    package = Package(elements=profile_elements(filling=filling), piece=300)
    needed = sizes(package)
    assert parts(loaded(needed, package))
    assert failure(loaded(needed - 1, package)) == (5, 10)
    assert failure(loaded(1024 + len(package.metadata) - 1, package)) == (2, 10)
    assert failure(loaded(1023, package)) == (1, 10)


def test_the_response_reports_insufficient_memory() -> None:
    data, _ = parts(loaded(1200, Package(elements=profile_elements(filling=3000))))
    assert value(parts(parts(parts(data)[-1])[0])[2]).hex() == "3009a00530038001048100"


def test_a_profile_takes_memory_until_it_is_deleted() -> None:
    package = Package(elements=profile_elements(filling=5000))
    card = SimulatedEuicc.create(None, free_memory=sizes(package) + 100, profiles=0)
    talk = Conversation(card)
    talk.download(package)
    other = "984499040000000098F5"
    second = replace(package, iccid=other, metadata=store_metadata(other), elements=profile_elements(other))
    assert failure(talk.download(second)) == (1, 10)
    talk.terminal.ask(f"BF330C5A0A{CODED}")
    assert parts(talk.download(second))
    assert [profile.coded_iccid.hex().upper() for profile in card.profiles] == [other]


# Policy rules


def outcome(behaviour: Behaviour, *metadata: str, iccid: str = CODED) -> tuple[int, int] | str:
    """The outcome of the download of a profile with these metadata, to a card with this behaviour."""
    talk = Conversation(made(behaviour))
    result = talk.download(Package(iccid, metadata=store_metadata(iccid, *metadata)))
    if len(talk.card.profiles) == 4:
        return "installed"
    return failure(result)


TEST, PROVISIONING, OWNER = "950100", "950101", "B705800362F210"
PPR1, PPR2, BOTH = "99020640", "99020520", "99020560"
UPDATE, UPDATE_AND_PPR1 = "99020780", "990206C0"
NO_RULES = Behaviour(authorised_policy_rules=())
SOME = Behaviour(
    authorised_policy_rules=(
        (("ppr1",), "262-02", True),
        (("ppr2",), "262-EE", False),
        (("ppr1", "ppr2"), "310-410", True),
    )
)


@pytest.mark.parametrize(
    ("behaviour", "metadata", "expected"),
    [
        (Behaviour(), (), "installed"),
        (Behaviour(), (TEST,), "installed"),
        (Behaviour(), (PROVISIONING,), "installed"),
        (Behaviour(takes_test_profiles=False), (TEST,), (2, 6)),
        (Behaviour(takes_test_profiles=False), (), "installed"),
        (Behaviour(), (OWNER, BOTH), "installed"),
        (Behaviour(), (BOTH,), (2, 15)),
        (NO_RULES, (OWNER,), "installed"),
        (NO_RULES, (OWNER, PPR1), (2, 15)),
        (NO_RULES, (TEST, OWNER, PPR1), "installed"),
        (Behaviour(), (UPDATE,), "installed"),
        (Behaviour(), (UPDATE_AND_PPR1,), (2, 15)),
        (Behaviour(), (OWNER, UPDATE_AND_PPR1), "installed"),
        (NO_RULES, (OWNER, UPDATE), "installed"),
        (NO_RULES, (OWNER, UPDATE_AND_PPR1), (2, 15)),
        (Behaviour(forbidden_policy_rules=("pprUpdateControl",)), (OWNER, UPDATE), "installed"),
        (SOME, (OWNER, PPR1), (2, 15)),
        (SOME, (OWNER, PPR2), "installed"),
        (SOME, (OWNER, BOTH), (2, 15)),
        (SOME, ("B705800362F220", BOTH), "installed"),
        (SOME, ("B7058003130014", BOTH), "installed"),
        (SOME, ("B7058003130015", BOTH), (2, 15)),
        (Behaviour(forbidden_policy_rules=("ppr2",)), (OWNER, BOTH), (2, 15)),
        (Behaviour(forbidden_policy_rules=("ppr2",)), (OWNER, PPR1), "installed"),
    ],
)
def test_the_card_accepts_what_its_rules_allow(
    behaviour: Behaviour, metadata: tuple[str, ...], expected: object
) -> None:
    assert outcome(behaviour, *metadata) == expected


def test_the_card_reports_its_rules() -> None:
    behaviour = replace(SOME, forbidden_policy_rules=("ppr2",), takes_test_profiles=False)
    talk = Conversation(made(behaviour))
    rules = (
        "3015 80020640 A10B 3009 8003 62F220 8100 8200 82020780",
        "3015 80020520 A10B 3009 8003 62F2EE 8100 8200 82020700",
        "3015 80020560 A10B 3009 8003 130014 8100 8200 82020780",
    )
    assert talk.ask(bytes.fromhex("BF4300"))[5:] == bytes.fromhex("".join(rules))
    info = talk.ask(bytes.fromhex("BF2200"))
    assert bytes.fromhex("88020388") in info
    assert bytes.fromhex("99020520") in info


def test_a_profile_can_be_installed_only_once(talk: Conversation) -> None:
    talk.download()
    assert failure(talk.download()) == (2, 9)
    assert talk.card.notifications[-1].iccid == ICCID
    assert len(talk.card.profiles) == 4


def test_a_test_profile_has_neither_notifications_nor_policy_rules(talk: Conversation) -> None:
    rules = (TEST, "B60B 3009 80020670 8103 612E62", OWNER, PPR2)
    talk.download(Package(metadata=store_metadata(CODED, *rules)))
    profile = talk.card.profiles[-1]
    assert (profile.notifications, profile.policy_rules) == ((), ())
    assert talk.terminal.ask(f"BF330C5A0A{CODED}") == "BF33038001009000"
    assert [note.event for note in talk.card.notifications] == ["install"]


# Configured failures


COMMANDS = (
    "initialiseSecureChannel",
    "configureISDP",
    "storeMetadata",
    "storeMetadata2",
    "replaceSessionKeys",
    "loadProfileElements",
)
REASONS = [*range(1, 16), *range(17, 24), 26, 31, 32, 127]


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_card_can_be_configured_to_fail(command: str, reason: int) -> None:
    behaviour = Behaviour(loading_fails=(command, schema.named("ErrorReason", reason)))
    talk = Conversation(made(behaviour))
    result = talk.download(Package(replaced_keys=True))
    assert failure(result) == (schema.code("BppCommandId", command), reason)
    verify(talk.certificate, *parts(result))
    assert left_nothing(talk)


@pytest.mark.parametrize(
    "fails", [("storeMetadata",), ("nothing", "pprNotAllowed"), ("storeMetadata", "nothing")]
)
def test_a_configured_failure_must_be_one_of_the_specification(fails: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="a bppCommandId and an errorReason"):
        Behaviour(loading_fails=fails)


@pytest.mark.parametrize("rule", [(("ppr3",), "262-01", True), (("ppr1",), "26201", True)])
def test_authorised_policy_rules_must_be_valid(rule: tuple[tuple[str, ...], str, bool]) -> None:
    with pytest.raises(ValueError, match=r"policy rules are|is not an operator"):
        Behaviour(authorised_policy_rules=(rule,))


def test_the_behaviour_is_stored_in_the_folder(tmp_path: Path) -> None:
    behaviour = replace(
        SOME, forbidden_policy_rules=("ppr2",), loading_fails=("storeMetadata", "pprNotAllowed")
    )
    SimulatedEuicc.create(tmp_path / "card", behaviour=behaviour).close()
    with closing(SimulatedEuicc.load(tmp_path / "card")) as card:
        assert card.behaviour == behaviour
