"""The variables with which lpac is configured, and what they mean here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lpa.card.apdu import LARGEST_BLOCK, SMALLEST_BLOCK
from lpa.cli.lpac.answers import Failed
from lpa.profiles.blockers import RULES, WARNINGS
from lpa.rsp.facts import fact
from lpa.rsp.names import Aid

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCEPT = "LPA_LPAC_ACCEPT"
INDEX, NAME, IGNORED = (f"LPAC_APDU_PCSC_DRV_{what}" for what in ("IFID", "NAME", "IGNORE_NAME"))
_APDU, _HTTP, _ISDR, _SIZE = "LPAC_APDU", "LPAC_HTTP", "LPAC_CUSTOM_ISD_R_AID", "LPAC_CUSTOM_ES10X_MSS"
_DEBUG = ("LPAC_APDU_DEBUG", "LPAC_HTTP_DEBUG", "LIBEUICC_DEBUG_APDU", "LIBEUICC_DEBUG_HTTP")
_OLDER = {"APDU_INTERFACE": _APDU, "HTTP_INTERFACE": _HTTP, "DRIVER_IFID": INDEX, "DRIVER_NAME": NAME}
_KNOWN = {_APDU, _HTTP, _ISDR, _SIZE, INDEX, NAME, IGNORED}
_INIT = "euicc_init"


@fact
class Variables:
    """What the variables say. `unused`: sentences about those that have no effect here.

    `reader`: a part of a reader's name, None if none was named. `index`: a reader's place in the list of the
    smart card service. `ignored`: parts of the names of readers that are not used. `accepted`: the warnings
    that are accepted.
    """

    reader: str | None = None
    index: int | None = None
    ignored: tuple[str, ...] = ()
    aid: Aid | None = None
    block_size: int | None = None
    accepted: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()


def read(environment: Mapping[str, str]) -> Variables:
    """What the variables say. Raises `Failed` for a value that cannot be meant here."""
    values = {name: environment[older] for older, name in _OLDER.items() if environment.get(older)}
    values |= {name: value for name, value in environment.items() if name.startswith("LPAC_") and value}
    _refuse_drivers(values)
    return Variables(
        reader=values.get(NAME),
        index=_number(values, INDEX, 0, 999),
        ignored=tuple(part for part in values.get(IGNORED, "").split(";") if part),
        aid=_aid(values),
        block_size=_block_size(values),
        accepted=_accepted(environment.get(ACCEPT, "")),
        unused=tuple(_unused(environment)),
    )


def _refuse_drivers(values: Mapping[str, str]) -> None:
    """Only PC/SC and our own HTTPS are there. Before version 2, a driver was the path of a library."""
    for name, own, what in ((_APDU, "pcsc", "cards in PC/SC readers"), (_HTTP, "curl", "its own HTTPS")):
        value = values.get(name, own)
        if value != own and f"interface_{own}." not in value:
            raise Failed(_INIT, f"{name} is {value!r}: lpa uses {what} only. Unset it, or set it to {own}.")


def _number(values: Mapping[str, str], name: str, least: int, most: int) -> int | None:
    text = values.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and least <= int(text) <= most):
        raise Failed(_INIT, f"{name} is {text!r}, and should be a number from {least} to {most}.")
    return int(text)


def _aid(values: Mapping[str, str]) -> Aid | None:
    try:
        return Aid.parse(values[_ISDR]) if _ISDR in values else None
    except ValueError as error:
        raise Failed(_INIT, f"{_ISDR}: {error}.") from None


def _block_size(values: Mapping[str, str]) -> int | None:
    """None for 0, which is lpac's word for the usual size."""
    size = _number(values, _SIZE, 0, LARGEST_BLOCK)
    if size and size < SMALLEST_BLOCK:
        raise Failed(_INIT, f"{_SIZE} is {size}, and should be at least {SMALLEST_BLOCK}.")
    return size or None


def _accepted(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in (*WARNINGS, *RULES):
            raise Failed(_INIT, f"{ACCEPT}: there is no warning {name!r}; there are {_all_warnings()}.")
    return names


def _all_warnings() -> str:
    return ", ".join((*WARNINGS, *RULES))


def _unused(environment: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(environment):
        if name in _DEBUG:
            yield f"{name} has no effect here. LPA_VERBOSE=2 logs what is exchanged with the card."
        elif name.startswith("LPAC_") and name not in _KNOWN:
            yield f"{name} has no effect here. The checks of certificates and signatures are never left out."
