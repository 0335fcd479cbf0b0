"""Recover and send, as `lpa resume` does."""

from __future__ import annotations

from lpa import Assistant, Delivery


def resume(assistant: Assistant) -> tuple[Delivery, ...]:
    """Recover what is unfinished on the card, then deliver what is due."""
    assistant.recover()
    return assistant.send_notifications(due_only=True)
