"""The remote managers (eIM) of an IoT eUICC, as the card has them stored (SGP.32, EimConfigurationData)."""

from __future__ import annotations

from typing import Self

from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.display import brief
from lpa.rsp.facts import Fact, fact

_LONGEST = 255  # characters of an identifier or a server name


@fact
class Eim(Fact):
    """A remote manager that an IoT eUICC obeys. A member that the card does not report is None or empty.

    `identifier`: its eimId, which is an "oid", an "fqdn" or "proprietary" (`identifier_type`). `address`: its
    server. `counter`: the number of its last package, which the next one must exceed. `protocols`: by the
    identifiers of SGP.32, such as "eimRetrieveHttps". `indirect_download`: whether profiles are downloaded
    through it. Its keys are in `unknown`, as they came.
    """

    identifier: str
    address: str = ""
    identifier_type: str = ""
    counter: int | None = None
    association_token: int | None = None
    protocols: tuple[str, ...] = ()
    indirect_download: bool = False
    unknown: tuple[Tlv, ...] = ()

    @classmethod
    def from_tlv(cls, item: bytes) -> Self:
        """From an EimConfigurationData. Raises `BadAnswer` if it is none."""
        value, unknown = schema.decode_open("EimConfigurationData", item)
        kind = value.get("eimIdType")
        return cls(
            identifier=brief(value["eimId"], _LONGEST),
            address=brief(value.get("eimFqdn", ""), _LONGEST),
            identifier_type="" if kind is None else schema.named("EimIdType", kind),
            counter=value.get("counterValue"),
            association_token=value.get("associationToken"),
            protocols=schema.bits("EimProtocols", value.get("eimSupportedProtocol", (b"", 0))),
            indirect_download=value.get("indirectProfileDownload", b"\0") != b"\0",
            unknown=unknown,
        )
