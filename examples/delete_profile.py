"""Delete a profile, tell the operator's server, and show the proof.

python examples/delete_profile.py ICCID [READER]
"""

import sys

import lpa


def main(iccid: str, reader: str | None = None) -> None:
    """Plan, ask, delete, and say what is true."""
    with lpa.Assistant.open(reader) as assistant:
        plan = assistant.plan_deletion(iccid, disable_first=True)
        print(f"{plan.profile.title} ({plan.profile.iccid}) will be deleted, for ever.")
        print(f"Its servers will be told: {', '.join(plan.addresses) or 'none'}")
        if input("Type its last four digits to go on: ") != str(plan.profile.iccid)[-4:]:
            sys.exit("Nothing was changed.")

        outcome = assistant.delete(plan)
        print("Deleted." if outcome.problem is None else f"Deleted, but: {outcome.problem}")
        for delivery in outcome.deliveries:
            state = "acknowledged" if delivery.acknowledged else f"not yet told: {delivery.problem}"
            print(f"{delivery.event} -> {delivery.address}: {state}")
            if delivery.receipt:
                print(f"  the proof: {delivery.receipt.path}")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except lpa.LpaError as error:
        sys.exit(f"{error.message}\n{error.advice}")
