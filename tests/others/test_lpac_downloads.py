"""Downloads and discovery with lpac 2.3.0, and what has to come of them.

Run by .ci/lpac.
"""

from __future__ import annotations

from datetime import UTC, datetime

from lpa.sim.servers import packages
from tests.support.lpac_table import Parties, done, pending, refused

FIRST = "8944994000000000993"
IMEI = "353490069873319"


def too_large(parties: Parties) -> str:
    """What the server says of a package that does not fit, after lpac asked the card how much does."""
    resource = parties.lpac("chip", "info").result["data"]["EUICCInfo2"]["extCardResource"]
    return f"the profile has 2000000 bytes, and {resource['freeNonVolatileMemory']} are free"


SERVER = "profile download -s smdp.example -m"
CLIENT, SERVED = "es9p_authenticate_client", "es10b_load_bound_profile_package"
OK = {"bppCommandId": "unknown", "errorReason": "unknown"}  # what lpac makes of a success
EXISTS = "install_failed_due_to_iccid_already_exists_on_euicc"
DOWNLOADS = (
    done("profile download -a LPA:1$smdp.example$ABC-9", {"seqNumber": 1} | OK),
    done("notification list", [pending(1, "install", "smdp.example", FIRST)]),
    refused("profile download -a LPA:1$smdp.example$ABC-9", SERVED, f"store_metadata,{EXISTS}"),
    done("notification process -a -r"),
    refused("profile download -a LPA:1$smdp.example$ABC-9", CLIENT, "the profile is already installed"),
    refused(f"{SERVER} ABC-1", "es10b_prepare_download"),
    refused(f"{SERVER} ABC-2 -c 4321", "es9p_get_bound_profile_package", "the confirmation code is wrong"),
    done(f"{SERVER} ABC-2 -i {IMEI} -c 1234", {"seqNumber": 3} | OK),
    refused("profile download -a LPA:1$smdp.example$ABC-1$$1", "confirmation_code", "required"),
    done(f"{SERVER} VIEWED -p", {"seqNumber": 4} | OK, typed="y\n"),
    refused(f"{SERVER} DECLINED -p", "cancelled", typed="n\n"),
    refused(f"{SERVER} DECLINED", CLIENT, "the order has ended"),
    done("chip defaultsmdp smdp.example"),
    done("profile download", {"seqNumber": 5} | OK),
    done(f"{SERVER} RULE", {"seqNumber": 6} | OK),
    done(f"{SERVER} LARGE", {"seqNumber": 7} | OK),
    refused(f"{SERVER} TWICE", SERVED, f"store_metadata,{EXISTS}"),
    refused(f"{SERVER} LATE", CLIENT, "the order has expired"),
    refused(f"{SERVER} FOREIGN", CLIENT, "the order is for another card"),
    refused(f"{SERVER} TOO-LARGE", CLIENT, too_large),
    refused(f"{SERVER} UNKNOWN", CLIENT, "there is no order for this matching identifier"),
    refused("profile download -m UNKNOWN", CLIENT, "there is no order for this matching identifier"),
    refused("profile download -s none.example -m X", "es9p_initiate_authentication", "HTTP transport failed"),
    refused("profile download -a nonsense", "activation_code", "invalid"),
    refused("profile download -a LPA:1$", "smdp", "empty"),
    refused(f"{SERVER} IMEI -i 3", "es10b_authenticate_server"),
    done("notification process -a -r", then=lambda parties: parties.received == ["install"] * 8),
)  # fmt: skip


def prepared(parties: Parties) -> None:
    """The orders that `DOWNLOADS` asks for."""
    smdp = parties.smdp
    smdp.order(packages.sample(FIRST), "ABC-9")
    smdp.order(packages.sample("8944994000000000902"), "ABC-1", confirmation_code="1234")
    smdp.order(packages.sample("8944994000000000985", size=10_600), "ABC-2", confirmation_code="1234")
    smdp.order(packages.sample("8944994000000000910"), "VIEWED")
    smdp.order(packages.sample("8944994000000000928"), "DECLINED")
    smdp.order(packages.sample("8944994000000000977"))
    smdp.order(packages.sample("8944994000000000969", policy_rules=("ppr2",)), "RULE")
    smdp.order(packages.sample("8944994000000000951", size=200_000), "LARGE")
    smdp.order(packages.sample("8944994000000000969"), "TWICE")
    smdp.order(packages.sample(), "LATE", expires=datetime(2020, 1, 1, tzinfo=UTC))
    smdp.order(packages.sample(), "FOREIGN", eid="89999999000000000000000000000122")
    smdp.order(packages.sample(size=2_000_000), "TOO-LARGE")
    smdp.order(packages.sample(), "IMEI")


DISCOVERIES = (
    done("profile discovery -s smds.example", ["smdp.example", "albion.smdp.example"]),
    done(f"profile discovery -s smds.example -i {IMEI}", ["smdp.example", "albion.smdp.example"]),
    done("profile discovery", ["smdp.example", "albion.smdp.example"]),
    refused("profile discovery -s smdp.example", "es11_authenticate_client"),
    refused("profile discovery -s none.example", "es9p_initiate_authentication", "HTTP transport failed"),
    done(f"{SERVER} EVENT-1", {"seqNumber": 1} | OK),
)


def test_downloads_succeed_and_fail_as_they_have_to(parties: Parties) -> None:
    prepared(parties)
    for step in DOWNLOADS:
        step.take(parties)
    assert len(parties.card.profiles) == 9


def test_events_of_a_discovery_server_are_found(parties: Parties) -> None:
    parties.smds.register(parties.card.eid, "smdp.example", "EVENT-1")
    parties.smds.register(parties.card.eid, "albion.smdp.example", "EVENT-2")
    parties.smdp.order(packages.sample(), "EVENT-1")
    for step in DISCOVERIES:
        step.take(parties)
