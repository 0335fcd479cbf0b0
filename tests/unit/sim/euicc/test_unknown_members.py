"""The simulated card ignores members of later versions in what it is sent (EXTENSIBILITY IMPLIED)."""

from __future__ import annotations

import pytest

from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.simulated_profile import SimulatedProfile
from tests.support.der import appended, parts, tlv, value
from tests.support.downloads import CANCEL, CODED, Conversation, Package, store_metadata, verify
from tests.support.terminal import EID, Terminal

FIRST, SECOND = "984499040000000010F7", "989489050000000020F5"
NEW = "9F7F0101"  # a member of no version


def card() -> SimulatedEuicc:
    """A card with two profiles, and two notifications of a switch."""
    events = ((("enable", "disable", "delete"), "a.b"),)
    profiles = [
        SimulatedProfile("8944994000000000017", state="enabled", notifications=events),
        SimulatedProfile("8949985000000000025", notifications=events),
    ]
    made = SimulatedEuicc.create(None, eid=EID, profiles=profiles)
    terminal = Terminal(made)
    for function, iccid in (("BF32", FIRST), ("BF31", FIRST)):
        assert terminal.ask(f"{function}11A00C5A0A{iccid}810100").endswith("8001009000")
    made.reset()
    return made


READING = {
    "GetEID": ("BF3E035C015A", NEW),
    "GetEuiccInfo1": ("BF2000", NEW),
    "GetEuiccInfo2": ("BF2200", NEW),
    "GetEuiccConfiguredAddresses": ("BF3C00", NEW),
    "GetRAT": ("BF4300", NEW),
    "GetProfilesInfo": ("BF2D00", NEW),
    "GetProfilesInfo, with a criterion": (f"BF2D0EA00C5A0A{FIRST}", NEW),
    "GetProfilesInfo, with tags of later versions": ("BF2D045C025A95", "810101"),
    "ListNotification": ("BF2800", NEW),
    "ListNotification, of events": ("BF280481020640", NEW),
    "RetrieveNotificationsList": ("BF2B00", NEW),
    "RetrieveNotificationsList, of a number": ("BF2B05A003800101", "A200"),
}


@pytest.mark.parametrize("name", READING)
def test_what_is_read_is_the_same(name: str) -> None:
    request, more = READING[name]
    terminal = Terminal(card())
    usual = terminal.ask(request)
    assert usual.endswith("9000")
    assert terminal.ask(appended(bytes.fromhex(request), more).hex()) == usual


@pytest.mark.parametrize("tags", ["5A9F249F25BABC", "9F24BF205A9F1F", "5A9F7B9F269F67"])
def test_tags_of_later_versions_in_a_tag_list_are_ignored(tags: str) -> None:
    request = f"BF2D{len(tags) // 2 + 2:02X}5C{len(tags) // 2:02X}{tags}"
    assert Terminal(card()).ask(request) == f"BF2D1EA01CE30C5A0A{FIRST}E30C5A0A{SECOND}9000"


CHANGES = {
    "SetNickname": (f"BF29115A0A{FIRST}9003486F6C", NEW, "BF29038001009000"),
    "SetDefaultDpAddress": ("BF3F058003612E62", NEW, "BF3F038001009000"),
    "EnableProfile": (f"BF3111A00C5A0A{SECOND}810100", "820101", "BF31038001009000"),
    "DisableProfile": (f"BF3211A00C5A0A{FIRST}810100", "820101", "BF32038001009000"),
    "DeleteProfile": (f"BF330C5A0A{SECOND}", NEW, "BF33038001009000"),
    "EuiccMemoryReset": ("BF3404820205E0", NEW, "BF3403800100910B"),
    "NotificationSent": ("BF3003800101", NEW, "BF30038001009000"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_changed_is_the_same(name: str) -> None:
    request, more, answer = CHANGES[name]
    usual, extended = card(), card()
    assert Terminal(usual).ask(request) == answer
    assert Terminal(extended).ask(appended(bytes.fromhex(request), more).hex()) == answer
    assert extended.profiles == usual.profiles
    assert [one.signed for one in extended.notifications] == [one.signed for one in usual.notifications]


# By what they are appended to: members of version 3 where it has some, and of no version elsewhere.
DOWNLOAD = {
    "serverSigned1": "A510 8003030100 8101FF 8206 040400000000 86 02 0780",
    "AuthenticateServerRequest": "A1023000 A2023000",
    "ctxParams1": "82020780 5A0A98449904000000009F73 A3028000 A4053003060188",
    "deviceInfo": "83020000",
    "deviceCapabilities": "880310 0000 8B03030100 8C0101 8D0100 AE058003030100",
    "smdpSigned2": "9F7F0101",
    "PrepareDownloadRequest": "A1023000",
    "InitialiseSecureChannel": "9F7F0101",
    "controlRefTemplate": "9F7F0101",
    "ReplaceSessionKeys": "83020000",
}
METADATA = {
    "rpmConfiguration and hriServerAddress": ("BA03800161", "9B03612E62"),
    "lprConfiguration and enterpriseConfiguration": ("BC00", "BD0B 800388370A 8104 41636D65"),
    "serviceDescription and serviceProviderMessage": ("9F1F0206C0", "BE04 3002 8100"),
    "estimatedProfileSize and serviceSpecificDataNotStored": ("9F2102 4E20", "BF2300"),
    "a member of no version": ("9F7F0101",),
    "a member of a configuration": ("B60E300C 800206408103612E62 82 0100",),
    "a member of the owner": ("B7088003 62F210 82 0100",),
}


def installed(talk: Conversation, package: Package) -> None:
    """Download the package, and check what the card signed over the bytes that it sent."""
    answer = talk.authenticate()
    signed, signature, certificate, _ = parts(parts(answer)[0])
    verify(certificate, signed, signature)
    assert parts(signed)[-1] == talk.server._context()
    prepared = talk.ask(talk.server.prepare_download(talk.signature))
    talk.key = value(parts(parts(parts(prepared)[0])[0])[1])
    data, signature = parts(talk.load(talk.server.segments(talk.key, package)))
    verify(certificate, data, signature)
    assert value(parts(data)[-1])[0] == 0xA0
    assert (talk.card.profiles[-1].coded_iccid.hex().upper(), len(talk.card.profiles)) == (CODED, 3)


@pytest.mark.parametrize("name", DOWNLOAD)
def test_a_download_succeeds_with_members_of_later_versions(name: str) -> None:
    talk = Conversation(card())
    talk.server.more = {name: DOWNLOAD[name]}
    installed(talk, Package(replaced_keys=True))


def test_a_download_succeeds_with_all_of_them() -> None:
    talk = Conversation(card())
    talk.server.more = DOWNLOAD
    more = [member for members in METADATA.values() for member in members]
    configuration = bytes.fromhex("BF2407 B805 8003 88370A")
    configuration = appended(appended(configuration, NEW, 0), NEW)
    package = Package(metadata=store_metadata(CODED, *more), configuration=configuration, replaced_keys=True)
    installed(talk, package)


@pytest.mark.parametrize("name", METADATA)
def test_metadata_of_later_versions_are_stored_without_what_is_unknown(name: str) -> None:
    talk = Conversation(card())
    installed(talk, Package(metadata=store_metadata(CODED, *METADATA[name])))
    profile = talk.card.profiles[-1]
    assert (profile.name, profile.service_provider) == ("Travel", "Test Op")
    assert profile.owner == ("262-01" if "owner" in name else "")
    assert profile.notifications == (((("enable",), "a.b"),) if name == "a member of a configuration" else ())


def test_cancel_session_ignores_them() -> None:
    talk = Conversation(card())
    talk.prepare()
    answer = talk.ask(appended(bytes.fromhex(f"{CANCEL}00"), NEW))
    signed, signature = parts(parts(answer)[0])
    assert signed == tlv("30", bytes.fromhex("8008 0123456789ABCDEF 8103 88370A 820100"))
    verify(talk.certificate, signed, signature)
