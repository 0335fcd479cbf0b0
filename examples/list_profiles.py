"""List the profiles of the eUICC.

python examples/list_profiles.py

LPA_READER names the card reader, or a simulated card: LPA_READER=sim:/path/card
"""

import lpa

with lpa.Assistant.open() as assistant:
    print(f"EID {assistant.eid}")
    for profile in assistant.profiles():
        print(f"{profile.iccid!s:20}  {profile.state:8}  {profile.title}")
