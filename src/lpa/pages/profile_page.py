"""The page of a profile: what the operator asks for to cancel, move or find it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from lpa.pages import Language
from lpa.pages.html import document, element, number
from lpa.pages.layout import Fact, footer, header, listed
from lpa.pages.texts import Words
from lpa.profiles.subscriber import Subscriber
from lpa.rsp.names import Eid
from lpa.rsp.records import Profile

UNREAD = Subscriber(reason="notEnabled")


def page(
    profile: Profile,
    eid: Eid,
    *,
    made: datetime,
    language: Language = "en",
    subscriber: Subscriber = UNREAD,
) -> str:
    """The HTML page of `profile` on the card `eid`. `subscriber`: what was read from its files, or why not.

    `made`: now, in the reader's time zone.
    """
    words = Words(language)
    return document(
        language,
        f"{words['particulars']} {profile.iccid}",
        header(words["particulars.brand"], words["particulars"], profile.title),
        element("p", words["particulars.lead"], css="lead"),
        listed(_facts(words, profile, eid, subscriber)),
        footer(words, made, words["private"]),
    )


def _facts(words: Words, profile: Profile, eid: Eid, subscriber: Subscriber) -> Iterator[Fact]:
    yield words["operator"], profile.service_provider
    yield words["profile"], profile.name
    yield words["nickname"], profile.nickname
    yield words["iccid"], str(profile.iccid)
    yield words["eid"], str(eid)
    yield words["imsi"], _read(words, subscriber, [subscriber.imsi] if subscriber.imsi else subscriber.imsi)
    yield words["msisdn"], _read(words, subscriber, subscriber.numbers)
    yield words["network"], profile.owner.mcc_mnc if profile.owner else ""
    yield words["servers"], _servers(profile) or [words["none"]]
    yield words["state"], words.of("state", profile.state)
    yield words["class"], words.of("class", profile.profile_class)
    yield words["rules"], [words.of("rule", rule) for rule in profile.policy_rules] or [words["none"]]
    yield words["aid"], number(str(profile.aid)) if profile.aid else ""


def _read(words: Words, subscriber: Subscriber, shown: Iterable[str] | None) -> Iterable[str]:
    """What the profile's files contain, "none" if they are empty, or why they were not read."""
    if shown is None:
        return [element("span", words[f"notRead.{subscriber.reason}"], css="missing")]
    return [*shown] or [words["none"]]


def _servers(profile: Profile) -> list[str]:
    """Each address once."""
    return list(dict.fromkeys(entry.address for entry in profile.notifications))
