"""What to do about servers: reaching them, their certificates, and what they refuse."""

from __future__ import annotations

from lpa.advice import Advice

CONNECT_TO = Advice(
    "connectTo",
    "Operators' servers are on the internet. To connect to another host, use --connect-to.",
)
MAY_HAVE_ACTED = Advice(
    "mayHaveActed",
    "The server may or may not have acted on it. What was stored stays stored; retry later.",
)
CHECK_CLOCK = Advice(
    "checkClock",
    "Check the date and time of this computer. If they are correct, the owner must renew the certificate.",
)
SET_CLOCK = Advice("setClock", "Set the clock. With a wrong one, no server's certificate is valid.")
TOO_MANY_SERVERS = Advice("tooManyServers", "A card that works normally does not name so many servers.")
ONLY_OPERATOR_CHANGES_SERVER = Advice(
    "onlyOperatorChangesServer",
    "Only the operator can change the server that its profile names.",
)
MAKE_ROOM_ON_CARD = Advice("makeRoomOnCard", "'lpa info' shows the free memory, 'lpa delete' frees some.")
ASK_IF_SUITABLE = Advice("askIfSuitable", "Ask the operator whether its eSIMs work with this card.")
NEW_ORDER = Advice("newOrder", "Ask the operator for a new order.")
USE_ORDERED_CARD = Advice(
    "useOrderedCard",
    "Use the card that it was ordered for: 'lpa info' shows a card's EID.",
)
ASK_FOR_RELEASE = Advice("askForRelease", "Ask the operator to release it, then start again.")
CHECK_CODE = Advice("checkCode", "Check the code. If it was already used, ask the operator for a new one.")
CODE_COMES_SEPARATELY = Advice(
    "codeComesSeparately",
    "The operator provides it separately from the activation code.",
)
CHECK_CONFIRMATION_CODE = Advice(
    "checkConfirmationCode",
    "Check it: upper and lower case differ. Too many wrong codes void the order.",
)
CHECK_ADDRESS = Advice("checkAddress", "Check the address: it follows the first '$' in the activation code.")
TRY_AGAIN_LATER = Advice("tryAgainLater", "Try again later.")
SEE_EVENTS = Advice("seeEvents", "'lpa discover' shows the current events.")
NAME_AUTHORITY = Advice(
    "nameAuthority",
    "If you trust this authority, give its certificate with --ca-bundle. For a simulated card that is "
    "ci.pem in its folder: --ca-bundle CARD/ci.pem.",
)
USE_BUNDLE_OF_CARD = Advice(
    "useBundleOfCard",
    "Its issuer is that of the simulated card in {card}: use --ca-bundle {bundle}.",
)
CORRECT_BUNDLE = Advice("correctBundle", "Correct the file, or do without it.")
