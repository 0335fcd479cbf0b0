"""The refusals of cards in the ASN.1, and the status codes of servers in the specification."""

from __future__ import annotations

from lpa.rsp.codec import schema

# (function, reason)
REFUSALS = [
    (function, reason)
    for function in schema.functions().values()
    for reason in schema.outcomes(f"{function}Response")
    if reason != "ok"
] + [("GetEID", "securityStatusNotSatisfied"), ("GetEID", "conditionsNotSatisfied")]  # status words
# SGP.22 §5.2.6
PAIRS = [
    "8.1/4.8",
    "8.1/6.1",
    "8.1.1/2.1",
    "8.1.1/2.2",
    "8.1.1/3.8",
    "8.1.1/3.10",
    "8.1.2/6.1",
    "8.1.2/6.3",
    "8.1.3/6.1",
    "8.1.3/6.3",
    "8.1.4/6.1",
    "8.2/1.2",
    "8.2/3.7",
    "8.2.1/1.2",
    "8.2.1/3.3",
    "8.2.1/3.5",
    "8.2.1/3.9",
    "8.2.1/3.10",
    "8.2.5/1.2",
    "8.2.5/3.7",
    "8.2.5/3.8",
    "8.2.5/3.9",
    "8.2.5/4.3",
    "8.2.6/3.3",
    "8.2.6/3.10",
    "8.2.6/3.8",
    "8.2.7/2.2",
    "8.2.7/3.8",
    "8.2.7/6.4",
    "8.8/3.10",
    "8.8/4.2",
    "8.8.1/3.8",
    "8.8.2/3.1",
    "8.8.3/3.1",
    "8.8.4/3.7",
    "8.8.5/4.10",
    "8.8.5/6.4",
    "8.9/4.2",
    "8.9/5.1",
    "8.9.1/3.8",
    "8.9.2/3.1",
    "8.9.3/3.1",
    "8.9.4/3.7",
    "8.9.5/3.3",
    "8.9.5/3.9",
    "8.10.1/3.9",
    "8.11.1/3.9",
    "1.2.1/2.1",
    "1.2.2/2.1",
    "1.3.1/2.2",
]

# The numbers of SGP.22 §2.5.6 and of its later versions; 16, 24, 25 and 27 to 30 are unassigned.
NUMBERS = [*range(1, 16), *range(17, 24), 26, 31, 32, 127]
