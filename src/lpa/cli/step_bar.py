"""A bar on stderr, at a terminal, for the steps of what takes long. It disappears at the end."""

from __future__ import annotations

import sys
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

from lpa.rsp import steps

if TYPE_CHECKING:
    from rich.progress import Progress

    from lpa.rsp.steps import Step

_RECEIVING, _INSTALLING = "GetBoundProfilePackage", "LoadBoundProfilePackage"
# What a person reads. A step that is not here leaves what is shown.
_TITLES = {
    "InitiateAuthentication": "Authenticating",
    "AuthenticateServer": "Authenticating",
    "AuthenticateClient": "Authenticating",
    steps.METADATA: "Checking the offer",
    "PrepareDownload": "Preparing the card",
    _RECEIVING: "Receiving the profile",
    _INSTALLING: "Installing",
    steps.CANCEL_ON_CARD: "Ending the download",
    steps.CANCEL_ON_SERVER: "Ending the download",
    "EnableProfile": "Enabling",
    "DisableProfile": "Disabling",
    "DeleteProfile": "Deleting",
    "EuiccMemoryReset": "Resetting the card",
    "GetProfilesInfo": "Reading the profiles",
    "ListNotification": "Reading the notifications",
    "RetrieveNotificationsList": "Reading the notifications",
    steps.DELIVERY: "Sending notifications",
    steps.HANDSHAKE: "Checking the servers",
    steps.READ_FILE: "Reading contacts and messages",
}


class StepBar:
    """A `Progress` for a `with` block. Nothing is shown before the first step, and after the block.

    If the terminal is gone, or this computer cannot start the thread that moves the bar, nothing is shown.
    """

    def __init__(self) -> None:
        self._shown = ExitStack()
        self._bar: Progress | None = None
        self._title = ""
        self._ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end()

    def __call__(self, step: Step) -> None:
        """Show a step."""
        title = _title(step)
        if self._ended or not title:
            return
        try:
            self._show(step, title)
        except (OSError, RuntimeError):
            self._end()

    def _show(self, step: Step, title: str) -> None:
        begins, self._title = title != self._title, title
        counted = step.total > 1  # Of one thing only its end could be shown.
        bar = self._bar or _made(title)
        bar.update(
            bar.task_ids[0],
            description=title,
            completed=step.done if counted else 0,
            size=_size(step) if counted else "",
        )
        bar.tasks[0].total = step.total if counted else None  # `update` takes None for no change.
        if self._bar is None:
            self._bar = self._shown.enter_context(bar)
        elif begins or step.done == step.total:  # These show at once, the rest at rich's own rate.
            bar.refresh()

    def _end(self) -> None:
        self._ended = True
        with suppress(OSError, RuntimeError):
            self._shown.close()


def _made(title: str) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress

    columns = ("{task.description} ", BarColumn(), "{task.fields[size]}")
    console = Console(file=sys.stderr)
    bar = Progress(*columns, console=console, transient=True, redirect_stdout=False)
    bar.add_task(title, total=None, size="")
    return bar


def _title(step: Step) -> str:
    if step.name == _RECEIVING and not step.done:
        return "Waiting for the server"
    return _TITLES.get(step.name, "")


def _size(step: Step) -> str:
    if step.name in (_RECEIVING, _INSTALLING):
        return f"{-(-step.done // 1024)} of {-(-step.total // 1024)} KiB"
    return f"{step.done} of {step.total}"
