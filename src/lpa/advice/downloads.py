"""What to do about a download that did not go through."""

from __future__ import annotations

from lpa.advice import Advice

ASK_WHICH_CARD = Advice(
    "askWhichCard",
    "Ask the operator for which card (EID) the profile was ordered, or for an activation code.",
)
BAD_PACKAGE_SERVER_UNINFORMED = Advice(
    "badPackageServerUninformed",
    "Nothing was installed. Try again; if the server refuses, ask the operator for a new order.",
)
BAD_PACKAGE_SERVER_INFORMED = Advice(
    "badPackageServerInformed",
    "Nothing was installed, and the server was informed. Many servers then end the order: if another "
    "try is refused, ask the operator for a new one.",
)
BEGIN_AGAIN = Advice("beginAgain", "Begin the download again.")
BEGIN_AGAIN_OR_NEW_ORDER = Advice(
    "beginAgainOrNewOrder",
    "Begin the download again; if the server refuses, ask the operator for a new order.",
)
CODE_FOR_ANOTHER_SERVER = Advice(
    "codeForAnotherServer",
    "The code may be mistyped, or for another server. Its operator can confirm the code and the OID of "
    "the server. Nothing was installed.",
)
GIVE_CODE_OR_DEFAULT_SERVER = Advice(
    "giveCodeOrDefaultServer",
    "Give an activation code, or set a server with 'lpa default-server'.",
)
DO_NOT_USE_PROFILE = Advice(
    "doNotUseProfile",
    "Do not use the profile until its operator has confirmed that it is installed correctly.",
)
ASK_TO_CANCEL_ORDER = Advice(
    "askToCancelOrder",
    "Nothing was installed. Ask the operator to cancel the order.",
)
MAKE_ROOM = Advice("makeRoom", "'lpa info' shows the memory, 'lpa delete' makes room.")
NOT_INSTALLED_MAKE_ROOM = Advice(
    "notInstalledMakeRoom",
    "Nothing was installed, and the order was not rejected. 'lpa info' shows the memory, 'lpa delete' "
    "makes room.",
)
BEGIN_AGAIN_TO_REJECT = Advice(
    "beginAgainToReject",
    "If it is not installed, begin the download again to reject it.",
)
ASK_TO_CHECK_ORDER = Advice("askToCheckOrder", "Nothing was installed. Ask the operator to check the order.")
OPERATOR_GIVES_CODE = Advice(
    "operatorGivesCode",
    "The operator gives it to you, separately from the activation code.",
)
DELETE_BEFORE_REINSTALL = Advice(
    "deleteBeforeReinstall",
    "'lpa list' shows it. To install it again, delete it first.",
)
PROFILE_WITHOUT_RULE = Advice(
    "profileWithoutRule",
    "Nothing was installed. Ask the operator for a profile without this rule.",
)
ONLY_OPERATOR_LIFTS = Advice("onlyOperatorLifts", "Only the operator can lift this rule.")
START_AGAIN_THEN_ASK = Advice(
    "startAgainThenAsk",
    "Nothing was installed. Start the download again; if it fails again, ask the operator.",
)
ASK_ISSUING_ENTERPRISE = Advice(
    "askIssuingEnterprise",
    "Nothing was installed. Ask the enterprise that issued the profile.",
)
NOT_INSTALLED_FREE_MEMORY = Advice(
    "notInstalledFreeMemory",
    "Nothing was installed. 'lpa info' shows the free memory, 'lpa delete' frees some.",
)
NOT_INSTALLED_SEE_LIST = Advice(
    "notInstalledSeeList",
    "Nothing was installed. 'lpa list' shows the profiles on the card.",
)
ASK_ENTERPRISE_ON_CARD = Advice(
    "askEnterpriseOnCard",
    "Nothing was installed. Ask the enterprise whose profile is on the card.",
)
