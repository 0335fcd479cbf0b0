"""The journal's table of states: checked while tests run, and drawn for the architecture page."""

from __future__ import annotations

import pytest

from lpa.journal import Operation, states

_DELETION = (
    *("PLANNED", "DISABLING", "DISABLED", "DELETING", "DELETED", "UNKNOWN"),
    *("PROOF_KEPT", "SENT", "REMOVED", "CLOSED"),
)


def check_transitions(patch: pytest.MonkeyPatch) -> None:
    """Fail for every transition of an operation that is not in the table of states."""
    set_state = Operation.set_state

    def checked(operation: Operation, state: str, outcome: str = "") -> None:
        before = operation.state
        assert state == before or state in states.NEXT[before], f"{before} -> {state} is not in the table"
        set_state(operation, state, outcome)

    patch.setattr(Operation, "set_state", checked)


def diagram() -> str:
    """The states of a deletion as a Mermaid diagram, from the table in the code."""
    steps = [
        f"    {before} --> {after}"
        for before, following in states.NEXT.items()
        for after in following
        if before in _DELETION and after in _DELETION
    ]
    return "\n".join(["stateDiagram-v2", "    [*] --> PLANNED", *steps, "    CLOSED --> [*]"])
