"""What was done to a profile, and which servers its notifications go to."""

from __future__ import annotations

from lpa.rsp.facts import Fact, fact
from lpa.rsp.records import NotificationEvent, Profile


@fact
class ProfileChange(Fact):
    """Something that was done to `profile`, as it was before: install, enable, disable or delete.

    `external`: it was no part of what was asked for; another program or the card itself did it.
    """

    event: NotificationEvent
    profile: Profile
    external: bool = False

    @property
    def addresses(self) -> tuple[str, ...]:
        """The servers that get a notification of it, as far as the card lists them.

        Cards sign nothing about a test profile, whatever servers it names, except that it was installed.
        """
        if self.profile.profile_class == "test" and self.event != "install":
            return ()
        return tuple(entry.address for entry in self.profile.notifications if self.event in entry.events)
