"""The way to servers, in one object: redirections, proxy, time limit and further authorities.

What HTTPS needs is loaded when the first server is asked: it costs time.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lpa.advice.servers import CORRECT_BUNDLE
from lpa.errors import NotVerified
from lpa.rsp.arguments import expect
from lpa.rsp.facts import fact
from lpa.server.on_demand import ServersOnDemand

if TYPE_CHECKING:
    from lpa.server.connect_to import ConnectTo
    from lpa.server.https import Https
    from lpa.server.proxy import ProxyChoice
    from lpa.server.trust import Trust

_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"


@fact
class Network:
    """How servers are reached. Every part may be text, as on the command line, or the parsed value.

    ```python
    net = lpa.Network(proxy="http://proxy.example:3128", deadline=30, ca_bundle="issuer.pem")
    with lpa.Assistant.open(network=net) as assistant: ...
    ```
    `connect_to`: rows `HOST:PORT:HOST:PORT`, one or several: the second address is used for the first, whose
    name the certificate must still have. `proxy`: the URL of an HTTP proxy, or "env" for that of the
    environment. `deadline`: the seconds for a request and its complete answer; 60 if None. `ca_bundle`: a
    PEM file with certificates of authorities to trust beside those of the card and of this computer. Raises
    ValueError with a sentence for a part that is not valid, and TypeError for one of another type.
    """

    connect_to: str | ConnectTo | Iterable[str | ConnectTo] = ()
    proxy: str | ProxyChoice | None = None
    deadline: float | None = None
    ca_bundle: str | Path | Trust | None = None

    def __post_init__(self) -> None:
        vars(self).update(connect_to=_rows(self.connect_to), proxy=_proxy(self.proxy))
        expect("deadline", self.deadline, int, float, type(None))
        if self.deadline is not None and not self.deadline > 0:
            raise ValueError("a deadline is more than 0 seconds")
        if isinstance(self.ca_bundle, str | Path):
            _check_bundle(Path(self.ca_bundle))
        elif self.ca_bundle is not None:
            from lpa.server.trust import Trust  # noqa: PLC0415  (most have none)

            expect("ca_bundle", self.ca_bundle, str, Path, Trust, type(None))

    def https(self, state_dir: Path | None = None) -> Https:
        """HTTPS over this way. `state_dir`: where the keys of issuers are remembered, if it exists.

        Raises `NotVerified` if the authorities of `ca_bundle` cannot be read any more.
        """
        from lpa.rsp.limits import EXCHANGE_SECONDS  # noqa: PLC0415  (only now)
        from lpa.server.https import Https  # noqa: PLC0415  (only now)
        from lpa.server.known_keys import KnownKeys  # noqa: PLC0415  (only now)

        return Https(
            self._trust(),
            connect_to=_rows(self.connect_to),
            proxy=_proxy(self.proxy),
            deadline=EXCHANGE_SECONDS if self.deadline is None else self.deadline,
            known_keys=KnownKeys(state_dir),
        )

    def servers(self, state_dir: Path | None = None) -> ServersOnDemand:
        """The servers of any address over this way: for `servers` of an `Assistant`. The caller closes it.

        `state_dir`: as for `https`, which is called with the first server.
        """
        return ServersOnDemand(partial(self.https, state_dir))

    def _trust(self) -> Trust:
        from lpa.server.trust import Trust  # noqa: PLC0415  (only now)

        if self.ca_bundle is None:
            return Trust.system()
        if isinstance(self.ca_bundle, Trust):
            return self.ca_bundle
        try:
            return Trust.bundle(Path(self.ca_bundle))
        except ValueError as error:
            raise NotVerified(f"The server was not asked: {error}.", advice=CORRECT_BUNDLE) from error


def _rows(rows: str | ConnectTo | Iterable[str | ConnectTo]) -> tuple[ConnectTo, ...]:
    if isinstance(rows, str) or not isinstance(rows, Iterable):
        rows = (rows,)
    return tuple(_row(row) for row in rows)


def _row(row: str | ConnectTo) -> ConnectTo:
    from lpa.server.connect_to import ConnectTo  # noqa: PLC0415  (most have none)

    expect("a row of connect_to", row, str, ConnectTo)
    return ConnectTo.parse(row) if isinstance(row, str) else row


def _proxy(proxy: str | ProxyChoice | None) -> ProxyChoice | None:
    if proxy is None or callable(proxy):
        return proxy
    expect("proxy", proxy, str, type(None))
    from lpa.server.proxy import choose  # noqa: PLC0415  (most have none)

    return choose(proxy)


def _check_bundle(path: Path) -> None:
    """Raise ValueError if the file cannot be read or contains no certificate, as far as its text shows."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot read the certificates in {path}: {error.strerror}") from error
    if _CERTIFICATE not in content:
        raise ValueError(f"{path} contains no certificate in PEM form")
