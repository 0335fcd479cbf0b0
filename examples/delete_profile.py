"""Delete a profile, notify the operator's server, and print the receipt.

python examples/delete_profile.py 0017
"""

import sys

import lpa

with lpa.Assistant.open() as assistant:
    profile = assistant.find(sys.argv[1])
    plan = assistant.review_deletion(assistant.plan_deletion(profile, disable_first=True))
    for finding in (*plan.blockers, *plan.warnings):
        print(f"{finding.level.capitalize()}: {finding.message} {finding.advice}")
    if plan.deletable and input(f"Delete {profile.title} ({profile.iccid}) for ever? [y/N] ") == "y":
        outcome = assistant.delete(plan)
        print(f"Deleted, but: {outcome.problem}" if outcome.problem else "Deleted.")
        for delivery in outcome.deliveries:
            print(f"{delivery.event} -> {delivery.address}: {delivery.problem or 'acknowledged'}")
            print(f"  receipt: {delivery.receipt.path if delivery.receipt else 'none'}")
