"""Parse arguments and values of options: an invalid one is a usage error before anything happens."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lpa.pages import LANGUAGES
from lpa.rsp.deliver import CHOICES, NOW
from lpa.rsp.names import Aid, Eid, Iccid, ServerAddress

STDIN = "-"  # in place of an activation code, or of a file
_STDIN_USE = "lpa.cli.parsing"  # in click's memory of this run
LONGEST_REASON = 500  # characters: it is stored in the journal, and printed on a page

if TYPE_CHECKING:
    from lpa.cli.screen import Screen
    from lpa.deletion.plan import Plan
    from lpa.profiles.selection import Selector
    from lpa.rsp.activation import ActivationCode
    from lpa.rsp.device import Device
    from lpa.server.connect_to import ConnectTo
    from lpa.server.proxy import ProxyChoice
    from lpa.server.trust import Trust
    from lpa.sim.faults.language import Fault

T = TypeVar("T")


def _parsed(parse: Callable[[str], T]) -> Callable[[str], T]:
    """`parse` for click: its ValueError becomes a usage error."""

    def convert(text: str) -> T:
        try:
            return parse(text)
        except ValueError as error:
            raise click.BadParameter(f"{error}.") from error

    return convert


def _selector(text: str) -> Selector:
    from lpa.profiles.selection import Selector

    return Selector.parse(text)


def _device_with_imei(text: str) -> Device:
    from lpa.rsp.device import Device

    return Device.with_imei(text)


def _device_with_tac(text: str) -> Device:
    from lpa.rsp.device import Device

    return Device.with_tac(text)


def _trust(text: str) -> Trust:
    from lpa.server.trust import Trust

    return Trust.bundle(Path(text))


def _card_fault(text: str) -> Fault:
    from lpa.sim.faults.language import Fault
    from lpa.sim.faults.vocabulary import card_words

    return Fault.parse(text, card_words())


def _server_fault(text: str) -> Fault:
    from lpa.sim.faults.language import Fault
    from lpa.sim.faults.vocabulary import server_words

    return Fault.parse(text, server_words())


def _connect_to(text: str) -> ConnectTo:
    from lpa.server.connect_to import ConnectTo

    return ConnectTo.parse(text)


def _proxy(text: str) -> ProxyChoice:
    from lpa.server.proxy import choose

    return choose(text)


def _plan(text: str) -> Plan:
    from lpa.deletion import saved_plan

    try:
        return saved_plan.parse(_path(text).read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{text!r} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ValueError(f"{text!r} cannot be used: {error}") from error


def _nickname(text: str) -> str:
    from lpa.card.es10 import NICKNAME_BYTES
    from lpa.rsp.display import safe

    size = len(text.encode(errors="surrogatepass"))
    if size > NICKNAME_BYTES:
        raise ValueError(f"a nickname has at most {NICKNAME_BYTES} bytes; this one has {size}")
    if safe(text) != text:
        raise ValueError(f"{text!r} contains characters that cannot be displayed")
    return text


def _profile_name(text: str) -> str:
    if not text.strip():
        raise ValueError("the name of a profile is not empty")
    return text


def _reason(text: str) -> str:
    import unicodedata

    if len(text) > LONGEST_REASON:
        raise ValueError(f"a reason has at most {LONGEST_REASON} characters; this one has {len(text)}")
    if any(unicodedata.category(one) == "Cs" for one in text):
        raise ValueError("the reason contains bytes that are no characters")
    return text


def _server_name(text: str) -> str:
    """The name of a simulated server; "*." before it stands for any name below it."""
    ServerAddress.parse(text.removeprefix("*."))
    return text


def _host_and_port(text: str) -> tuple[str, int]:
    host, port = _listening_place(text)
    if port == 0:
        raise ValueError(f"{text!r} is not HOST:PORT")
    return host, port


def _listening_place(text: str) -> tuple[str, int]:
    """A host and a port; 0 is a free one."""
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdecimal() and len(port) <= 5 and int(port) < 65536):
        raise ValueError(f"{text!r} is not HOST:PORT")
    return host.strip("[]") or "localhost", int(port)


def _receipt(text: str) -> int | Path:
    from lpa.host import files

    if text.isascii() and text.isdecimal():
        return int(text)
    with contextlib.suppress(OSError):  # Whoever reads it will report why it cannot be read.
        found = files.status(_path(text))
        if not (found and stat.S_ISREG(found.st_mode)):
            raise ValueError(f"{text!r} is neither the number of a notification nor a file")
    return Path(text)


def _existing(text: str) -> Path:
    from lpa.host import files

    with contextlib.suppress(OSError):
        if not files.status(_path(text)):
            raise ValueError(f"there is no file or folder {text!r}")
    return Path(text)


def _date(text: str) -> datetime:
    date = datetime.fromisoformat(text)
    return date if date.tzinfo else date.astimezone()


def use_stdin(what: str) -> None:
    """Reserve stdin for `what`. Raises a usage error if another argument reads it."""
    user = click.get_current_context().meta.setdefault(_STDIN_USE, what)
    if user != what:
        raise click.UsageError(f"The {user} and the {what} cannot both come from stdin: use a file for one.")


# An activation code that was given, or is still to be read from stdin.
CodeSource = Callable[["Screen"], "ActivationCode"]


def _code_source(text: str) -> CodeSource:
    if text == STDIN:
        use_stdin("activation code")
        return _code_on_stdin
    code = _secret_code(text)
    return lambda _screen: code


def _code_on_stdin(screen: Screen) -> ActivationCode:
    from lpa.rsp.written_code import LONGEST_TEXT

    if screen.interactive:
        text = screen.ask_secret("Activation code:", advice="")
    else:
        try:
            line = sys.stdin.buffer.readline(4 * LONGEST_TEXT + 5)
        except OSError as error:
            raise click.BadParameter(f"stdin cannot be read: {error.strerror}.", param_hint="CODE") from error
        text = line.decode("utf-8-sig", errors="surrogateescape")
    try:
        return _secret_code(text)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="CODE") from error


def _secret_code(text: str) -> ActivationCode:
    from lpa.redaction import register_secret
    from lpa.rsp.activation import ActivationCode

    code = ActivationCode.parse(text)
    register_secret(code.matching_id)
    return code


def _image(text: str) -> ActivationCode:
    from lpa.cli.qr_codes import text_in

    return _secret_code(text_in(_path(text)))


def _path(text: str) -> Path:
    """A path. Raises ValueError for a text that is one on no system."""
    if "\0" in text:
        raise ValueError(f"{text!r} is no path: it contains a null byte")
    return Path(text)


class _Path(click.Path):
    """A path, as click checks it; one that no system can have is a usage error too."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As click does."""
        try:
            return super().convert(_path(os.fsdecode(value)), param, ctx)
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


PROFILE_DIGITS = _parsed(_selector)
PROFILE_NAME = _parsed(_profile_name)
PLAN = _parsed(_plan)
ACTIVATION_CODE = _parsed(_code_source)
IMAGE = _parsed(_image)
IMEI = _parsed(_device_with_imei)
TAC = _parsed(_device_with_tac)
DATE = _parsed(_date)
RECEIPT = _parsed(_receipt)
RECEIPTS = _parsed(_existing)
NICKNAME = _parsed(_nickname)
REASON = _parsed(_reason)
ADDRESS = _parsed(ServerAddress.parse)
AID = _parsed(Aid.parse)
EID = _parsed(Eid.parse)
ICCID = _parsed(Iccid.parse)
TRUST = _parsed(_trust)
CONNECT_TO = _parsed(_connect_to)
CARD_FAULT = _parsed(_card_fault)
SERVER_FAULT = _parsed(_server_fault)
PROXY = _parsed(_proxy)
SERVER_NAME = _parsed(_server_name)
HOST_AND_PORT = _parsed(_host_and_port)
LISTENING_PLACE = _parsed(_listening_place)
DELIVER = click.option(
    "--deliver",
    type=click.Choice(CHOICES),
    default=NOW,
    show_default=True,
    help="When to send the notifications: now, later (by the next command that goes online), or never (only "
    "by 'lpa notifications send').",
)
FOLDER = _Path(path_type=Path, file_okay=False)
FILE = _Path(path_type=Path, dir_okay=False)
LANGUAGE = click.option(
    "--lang",
    "language",
    type=click.Choice(LANGUAGES),
    default="en",
    show_default=True,
    help="Language of the page.",
)
