"""How a card answers when its directory is read and the USIM is selected."""

from __future__ import annotations

USIM = "A0000000871002FFFFFFFF8900000100"
DIR = (
    ("00A40804022F0000", "6114"),
    ("00C0000014", "6212 8205 42210026 01 8302 2F00 8A0105 8002 0026 9000"),
    ("00B2010426", f"6118 4F10 {USIM} 5004 5553494D 9000"),
)
SELECT_USIM = f"00A4040410{USIM}00"
