"""Mobile operators by country and network code, and as their 3 bytes (TS 24.008 §10.5.1.3)."""

from __future__ import annotations

ANY_OPERATOR = "EEE-EEE"


def coded_operator(mcc_mnc: str) -> bytes:
    """MCC and MNC in the nibble order of TS 24.008: "262-01" is 62F210. E stands for any digit."""
    mcc, _, mnc = mcc_mnc.partition("-")
    mnc = mnc.ljust(3, "F")
    return bytes.fromhex(mcc[1] + mcc[0] + mnc[2] + mcc[2] + mnc[1] + mnc[0])


def operator(coded: bytes) -> str:
    """The inverse of `coded_operator`: 62F210 is "262-01"."""
    digits = coded.hex().upper()
    mcc, mnc = digits[1] + digits[0] + digits[3], digits[5] + digits[4] + digits[2]
    return f"{mcc}-{mnc.removesuffix('F')}"


def fits(rule: str, owner: str) -> bool:
    """Whether the operator of a rule includes `owner`. In a rule E stands for any digit, or no third one."""
    if not owner:
        return False
    pairs = zip(coded_operator(rule).hex(), coded_operator(owner).hex(), strict=True)
    return all(wanted in ("e", digit) for wanted, digit in pairs)
