"""Records the messages between our LPA, a card and servers, each with its type in GSMA's ASN.1."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lpa.card.apdu import Transport
from lpa.errors import BadAnswer
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.names import ServerAddress
from lpa.server.http_answer import BodyReceiver, HttpAnswer
from lpa.server.https import Https
from lpa.server.trust import CiPkIds
from tests.support.passing_card import PassingCard

# ES10: the types of request and answer by tag.
_ES10 = {
    0xBF20: ("GetEuiccInfo1Request", "EUICCInfo1"),
    0xBF21: ("PrepareDownloadRequest", "PrepareDownloadResponse"),
    0xBF22: ("GetEuiccInfo2Request", "EUICCInfo2"),
    0xBF28: ("ListNotificationRequest", "ListNotificationResponse"),
    0xBF29: ("SetNicknameRequest", "SetNicknameResponse"),
    0xBF2B: ("RetrieveNotificationsListRequest", "RetrieveNotificationsListResponse"),
    0xBF2D: ("ProfileInfoListRequest", "ProfileInfoListResponse"),
    0xBF2E: ("GetEuiccChallengeRequest", "GetEuiccChallengeResponse"),
    0xBF30: ("NotificationSentRequest", "NotificationSentResponse"),
    0xBF31: ("EnableProfileRequest", "EnableProfileResponse"),
    0xBF32: ("DisableProfileRequest", "DisableProfileResponse"),
    0xBF33: ("DeleteProfileRequest", "DeleteProfileResponse"),
    0xBF34: ("EuiccMemoryResetRequest", "EuiccMemoryResetResponse"),
    0xBF37: ("", "ProfileInstallationResult"),
    0xBF38: ("AuthenticateServerRequest", "AuthenticateServerResponse"),
    0xBF3C: ("EuiccConfiguredAddressesRequest", "EuiccConfiguredAddressesResponse"),
    0xBF3E: ("GetEuiccDataRequest", "GetEuiccDataResponse"),
    0xBF3F: ("SetDefaultDpAddressRequest", "SetDefaultDpAddressResponse"),
    0xBF41: ("CancelSessionRequest", "CancelSessionResponse"),
    0xBF43: ("GetRatRequest", "GetRatResponse"),
}
# ES9+ and ES11: the types of the members of requests and answers that are in base64.
_MEMBERS = {
    "euiccInfo1": "EUICCInfo1",
    "serverSigned1": "ServerSigned1",
    "serverCertificate": "Certificate",
    "euiccCiPKIdToBeUsed": "SubjectKeyIdentifier",
    "authenticateServerResponse": "AuthenticateServerResponse",
    "profileMetadata": "StoreMetadataRequest",
    "smdpSigned2": "SmdpSigned2",
    "smdpCertificate": "Certificate",
    "prepareDownloadResponse": "PrepareDownloadResponse",
    "boundProfilePackage": "BoundProfilePackage",
    "cancelSessionResponse": "CancelSessionResponse",
    "pendingNotification": "PendingNotification",
}
# These are no ASN.1 of a type of their own: a challenge, and signatures (5F37).
_PLAIN = {"euiccChallenge", "serverSignature1", "smdpSignature2"}
TYPES = {*(name for names in _ES10.values() for name in names if name), *_MEMBERS.values()}
_STORE_DATA, _GET_RESPONSE, _LAST = 0xE2, 0xC0, 0x80


@dataclass(frozen=True)
class Message:
    """A message. `type_name`: in GSMA's ASN.1."""

    type_name: str
    coded: bytes


class RecordedCard(PassingCard):
    """A `Transport` in front of another; `messages` are the requests and answers of ES10, each once."""

    def __init__(self, card: Transport) -> None:
        super().__init__(card)
        self._request = self._answer = b""
        self._complete = False
        self.messages: dict[Message, None] = {}
        self.unknown: set[int] = set()

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """Pass a command on, and record what it completes."""
        data, sw = super().transmit(apdu)
        if apdu[1] == _STORE_DATA:
            self._request += apdu[5 : 5 + apdu[4]]
            self._complete = bool(apdu[2] & _LAST)
        if apdu[1] in (_STORE_DATA, _GET_RESPONSE):
            self._answer += data
            if self._complete and sw >> 8 != 0x61:
                self._record()
        return data, sw

    def _record(self) -> None:
        for place, coded in enumerate((self._request, self._answer)):
            if (tlv := _whole(coded)) is not None:
                names = _ES10.get(tlv.tag, ("", ""))
                if names[place]:
                    self.messages[Message(names[place], coded)] = None
                elif tlv.tag >> 8 == 0xBF:  # else a segment of a package
                    self.unknown.add(tlv.tag)
        self._request = self._answer = b""
        self._complete = False


class RecordedHttps(Https):
    """Posts as `Https` does; `messages` are the ASN.1 objects in requests and answers, each once."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.messages: dict[Message, None] = {}
        self.unknown: set[str] = set()

    def post(
        self,
        address: ServerAddress,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        receiver: BodyReceiver | None = None,
        *,
        ci_pkids: CiPkIds = (),
    ) -> HttpAnswer:
        """Post, and record request and answer."""
        answer = super().post(address, path, body, headers, ci_pkids=ci_pkids)
        for content in (body, answer.body):
            for name, value in json.loads(content or b"{}").items():
                if name in _MEMBERS:
                    self.messages[Message(_MEMBERS[name], base64.b64decode(value))] = None
                elif name not in _PLAIN:
                    self.unknown.add(name)
        return answer


def _whole(coded: bytes) -> Tlv | None:
    try:
        return Tlv.whole(coded)
    except BadAnswer:
        return None
