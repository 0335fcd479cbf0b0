"""List the profiles of the eUICC in a card reader.

python examples/list_profiles.py [READER]
"""

import sys

import lpa


def main(reader: str | None = None) -> None:
    """Print one line for each profile."""
    with lpa.Assistant.open(reader) as assistant:
        print(f"EID {assistant.eid}")
        for profile in assistant.profiles():
            print(f"{profile.iccid!s:20}  {profile.state:8}  {profile.title}")


if __name__ == "__main__":
    main(*sys.argv[1:])
