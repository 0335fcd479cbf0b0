"""Download a profile, and install it.

python examples/download_profile.py 'LPA:1$smdp.example$ABC-1'
"""

import sys

import lpa

code = lpa.ActivationCode.parse(sys.argv[1])
with lpa.Assistant.open() as assistant, assistant.download(code) as offer:
    print(f"{offer.server} offers {offer.profile.title} ({offer.profile.iccid}).")
    for finding in (*offer.blockers, *offer.warnings):
        print(f"{finding.level.capitalize()}: {finding.message} {finding.advice}")
    if not offer.blockers and input("Install it? [y/N] ") == "y":
        secret = input("Confirmation code: ") if offer.confirmation_code_required else ""
        outcome = offer.install(confirmation_code=secret)
        print(f"Installed, but: {outcome.problem}" if outcome.problem else "Installed.")
        for delivery in outcome.deliveries:
            print(f"{delivery.event} -> {delivery.address}: {delivery.problem or 'acknowledged'}")
