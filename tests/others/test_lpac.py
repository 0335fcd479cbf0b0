"""Each command of lpac 2.3.0, with a card of each kind that it works with, and what has to come of it.

Run by .ci/lpac. Each table begins with a new card. lpac's own faults are in the tables as they are: see
docs/interop.md.
"""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.support.lpac_table import (
    ABORTED,
    SUCCEEDED,
    Parties,
    Step,
    done,
    explained,
    pending,
    refused,
)

ALBION, NORDLICHT, SHILI = "8944994000000000017", "8949985000000000025", "89869870000000000033"
AID = "a0000005591010ffffffff8900001000"  # of ALBION
NONE, NO_AID = "8944994000000000993", "a0000005591010ffffffff8900009900"


def chip(parties: Parties, default: str | None = "smdp.example") -> dict[str, Any]:
    """What lpac says about the card."""
    pkid = parties.card.authority.key_identifier.hex()
    return {
        "eidValue": parties.card.eid,
        "EuiccConfiguredAddresses": {"defaultDpAddress": default, "rootDsAddress": "smds.example"},
        "EUICCInfo2": {
            "profileVersion": "2.3.1",
            "svn": "2.2.2",
            "euiccFirmwareVer": "1.0.0",
            "extCardResource": {
                "installedApplication": 3,
                "freeNonVolatileMemory": 400000,
                "freeVolatileMemory": 8192,
            },
            "uiccCapability": [
                "usimSupport",
                "isimSupport",
                "akaMilenage",
                "akaTuak128",
                "rfu1",  # lpac's name for the test algorithm
                "javacard",
                "multipleUsimSupport",
                "multipleIsimSupport",
                "berTlvFileSupport",
                "getIdentity",
            ],
            "ts102241Version": "15.0.0",
            "globalplatformVersion": "2.3.0",
            "rspCapability": ["additionalProfile", "testProfileSupport", "deviceInfoExtensibilitySupport"],
            "euiccCiPKIdListForVerification": [pkid],
            "euiccCiPKIdListForSigning": [pkid],
            "euiccCategory": None,
            "ppVersion": "1.0.0",
            "sasAcreditationNumber": "SI-MU-UP-0126",
            "certificationDataObject": {
                "platformLabel": "2.999.5/simulated",
                "discoveryBaseURL": "https://discovery.example",
            },
        },
        "rulesAuthorisationTable": [
            {
                "pprIds": ["ppr1", "ppr2"],
                "allowedOperators": [{"plmn": "eeeeee", "gid1": None, "gid2": None}],
                "pprFlags": ["consentRequired"],
            }
        ],
    }


def chip_with_one(parties: Parties) -> dict[str, Any]:
    """As `chip`, after two profiles of three were deleted."""
    said = chip(parties)
    resource = {"installedApplication": 1, "freeNonVolatileMemory": 496000, "freeVolatileMemory": 8192}
    said["EUICCInfo2"]["extCardResource"] = resource
    return said


def listed(parties: Parties) -> list[dict[str, Any]]:
    """The profiles of the card, as lpac shows them."""
    return [
        {
            "iccid": profile.iccid,
            "isdpAid": f"a0000005591010ffffffff8900{16 + place:04x}00",
            "profileState": profile.state,
            "profileNickname": profile.nickname or None,
            "serviceProviderName": profile.service_provider,
            "profileName": profile.name,
            "iconType": "png",
            "icon": base64.b64encode(profile.icon).decode(),
            "profileClass": profile.profile_class,
        }
        for place, profile in enumerate(parties.card.profiles)
    ]


def enabled(iccid: str) -> Any:
    """The list of profiles if only this one is enabled ("": if none is)."""

    def rows(parties: Parties) -> list[dict[str, Any]]:
        states = {True: "enabled", False: "disabled"}
        return [row | {"profileState": states[row["iccid"] == iccid]} for row in listed(parties)]

    return rows


DRIVERS = (
    '{"type":"driver","payload":{"LPAC_APDU":["mbim","qmi","qmi_qrtr","pcsc","at","stdio"],'
    '"LPAC_HTTP":["curl","stdio"]}}'
)
READERS = (
    '{"type":"driver","payload":{"env":"LPAC_APDU_PCSC_DRV_IFID","data":['
    '{"env":"0","name":"Virtual PCD 00 00"},{"env":"1","name":"Virtual PCD 00 01"}]}}'
)
INFORMATION = (
    done("version", "v0.0.0-unknown"),
    explained("", "Usage: lpac <driver|chip|profile|notification|version>"),
    explained("driver", "Usage: driver <apdu|http|list>"),
    Step("driver list", SUCCEEDED, text=DRIVERS),
    explained("driver apdu", "Usage: apdu <list>"),
    Step("driver apdu list", SUCCEEDED, text=READERS),
    Step("driver http list", SUCCEEDED, text=""),
    explained("chip", "Usage: chip <info|defaultsmdp|purge>"),
    explained("profile", "Usage: profile <list|enable|disable|nickname|delete|download|discovery>"),
    explained("notification", "Usage: notification <list|process|remove|dump|replay>"),
    done("chip info", chip),
    done("profile list", listed),
    done("notification list", []),
)

PROFILES = (
    done(f"profile enable {NORDLICHT}"),
    done("profile list", enabled(NORDLICHT)),
    refused(f"profile enable {NORDLICHT}", "es10c_enable_profile", "profile not in disabled state"),
    done(f"profile enable {AID} 0"),
    done("profile list", enabled(ALBION)),
    done(f"profile disable {AID} 0"),
    done("profile list", enabled("")),
    refused(f"profile disable {ALBION}", "es10c_disable_profile", "profile not in enabled state"),
    done(f"profile enable {ALBION} 1"),
    done("profile list", enabled(ALBION)),
    done(f"profile disable {ALBION} 1"),
    done("profile list", enabled("")),
    refused(f"profile enable {NONE}", "es10c_enable_profile", "iccid or aid not found"),
    refused(f"profile enable {NO_AID}", "es10c_enable_profile", "iccid or aid not found"),
    refused(f"profile disable {NONE}", "es10c_disable_profile", "iccid or aid not found"),
    done(("profile", "nickname", ALBION, "Hölzern 旅行")),
    done(("profile", "nickname", NORDLICHT, "x" * 64)),
    refused(("profile", "nickname", ALBION, "x" * 65), "es10c_set_nickname", "unknown"),
    refused(f"profile nickname {NONE} a", "es10c_set_nickname", "iccid not found"),
    done("profile list", listed, then=lambda parties: parties.card.profiles[0].nickname == "Hölzern 旅行"),
    done(f"profile nickname {ALBION}", then=lambda parties: not parties.card.profiles[0].nickname),
    done(f"profile enable {NORDLICHT}"),
    done("profile list", enabled(NORDLICHT)),
    refused(f"profile delete {NORDLICHT}", "es10c_delete_profile", "profile not in disabled state"),
    refused(f"profile delete {NONE}", "es10c_delete_profile", "iccid or aid not found"),
    done(f"profile delete {ALBION}"),
    done("profile delete a0000005591010ffffffff8900001200"),
    done("chip info", chip_with_one),
)  # fmt: skip


FIRST = (1, "disable", "albion.smdp.example", ALBION)
SECOND = (2, "enable", "nordlicht.smdp.example", NORDLICHT)
NOTIFICATIONS = (
    done(f"profile enable {NORDLICHT}"),
    done("notification list", [pending(*FIRST), pending(*SECOND)]),
    refused("notification dump 99", "es10b_retrieve_notifications_list"),
    refused("notification process 99", "es10b_retrieve_notifications_list"),
    refused("notification remove 99", "es10b_remove_notification_from_list", "seqNumber not found"),
    done("notification process 1", then=lambda parties: parties.received == ["disable"]),
    done("notification list", [pending(*FIRST), pending(*SECOND)]),
    done("notification process 1", then=lambda parties: parties.received == ["disable"]),
    done("notification remove 1"),
    done("notification list", [pending(*SECOND)]),
    done("notification process -r 2", then=lambda parties: parties.received == ["disable", "enable"]),
    done("notification list", []),
    done(f"profile delete {ALBION}"),
    done(f"profile delete {SHILI}"),
    done("notification process -a -r", then=lambda parties: parties.received[2:] == ["delete", "delete"]),
    done("notification list", []),
    done(f"profile disable {NORDLICHT}"),
    done("notification remove -a"),
    done("notification list", [], then=lambda parties: len(parties.received) == 4),
    done("notification process -a -r"),
)


CHIP = (
    explained("chip defaultsmdp", "Usage: defaultsmdp <smdp>"),
    done(("chip", "defaultsmdp", "")),
    done("chip info", lambda parties: chip(parties, None)),
    done("chip defaultsmdp albion.smdp.example"),
    done("chip info", lambda parties: chip(parties, "albion.smdp.example")),
    refused(f"chip defaultsmdp {'x' * 300}", "es10a_set_default_dp_address"),
    explained("chip purge", "Usage: purge [yes|other]\n\t\tConfirm purge eUICC, all data will lost!"),
    explained("chip purge no", "Purge canceled"),
    done("profile list", listed, then=lambda parties: len(parties.card.profiles) == 3),
    done("chip purge yes", then=lambda parties: parties.card.profiles == ()),
    refused("chip purge yes", "es10c_euicc_memory_reset", "nothing to delete"),
    done("profile list", []),
    done("notification process -a -r", then=lambda parties: parties.received == ["delete"] * 3),
)


@pytest.mark.parametrize(
    "table",
    [INFORMATION, PROFILES, NOTIFICATIONS, CHIP],
    ids=["information", "profiles", "notifications", "chip"],
)
def test_every_command_does_what_it_has_to(table: tuple[Step, ...], parties: Parties) -> None:
    for step in table:
        step.take(parties)


def test_a_dump_has_the_notifications_as_the_card_signed_them(parties: Parties) -> None:
    done(f"profile enable {NORDLICHT}").take(parties)
    first, second = parties.lpac("notification", "dump", "-a").lines
    assert parties.lpac("notification", "dump", "2").lines == [second]
    assert (first["eid"], first["seqNumber"], first["notificationAddress"]) == (
        parties.card.eid,
        *FIRST[:3:2],
    )
    for shown, kept in zip((first, second), parties.card.notifications, strict=True):
        raw = base64.b64decode(shown["pendingNotification"])
        assert raw.startswith(b"\x30\x82")
        assert bytes(kept.signed) in raw


def test_lpac_refuses_to_send_what_it_dumped(parties: Parties) -> None:
    """A fault of lpac 2.3.0: it takes a line that it could read for one that it could not, and aborts."""
    done(f"profile enable {NORDLICHT}").take(parties)
    dumped = parties.lpac("notification", "dump", "-a").out
    Step("notification replay", ABORTED, (-1, "parse_notification", ""), typed=dumped).take(parties)
    assert parties.received == []
