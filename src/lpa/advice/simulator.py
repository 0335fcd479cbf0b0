"""What to do about simulated cards and servers, and the private smart card service of tests."""

from __future__ import annotations

from lpa.advice import Advice

CARD_WITHOUT_IDENTITY = Advice(
    "cardWithoutIdentity",
    "Use the folder of a card that 'lpa sim new' created without --identity. Other folders do not "
    "contain the key of the card's authority.",
)
CHOOSE_ANOTHER_FOLDER = Advice("chooseAnotherFolder", "Choose another folder.")
CREATE_CARD = Advice("createCard", "Create one with 'lpa sim new'.")
CREATE_ANOTHER_CARD = Advice("createAnotherCard", "Create another card with 'lpa sim new'.")
ANOTHER_CARD = Advice("anotherCard", "create another card with 'lpa sim new'")
IDENTITY_FOLDER = Advice(
    "identityFolder",
    "A folder for --identity contains the certificates of CI, EUM and eUICC and the eUICC's private "
    "key, as PEM or DER.",
)
REPLAY_LENIENTLY = Advice(
    "replayLeniently",
    "Do what was done when the trace was recorded, or replay it leniently (--lenient, lenient=True).",
)
CERTIFICATES_OF_AUTHORITY = Advice(
    "certificatesOfAuthority",
    "Its servers need certificates of that authority.",
)
INSTALL_VPCD = Advice("installVpcd", "Install vsmartcard-vpcd and start the smart card service (pcscd).")
LIST_STATE = Advice("listState", "Run 'lpa list' to see the state of the card.")
WRITABLE_OR_ANOTHER_CARD = Advice(
    "writableOrAnotherCard",
    "Make the folder writable, or create another card with 'lpa sim new'.",
)
NAME_ANOTHER_FILE = Advice("nameAnotherFile", "Name another file.")
WRITABLE_OR_PKI = Advice(
    "writableOrPki",
    "Make the folder writable, check that its disk works and has free space, or name another folder "
    "with --pki.",
)
WITHOUT_READER = Advice(
    "withoutReader",
    "Use a simulated card without a reader: Assistant(SimulatedEuicc.create(None)).",
)
INSTALL_PACKAGES = Advice(
    "installPackages",
    "Install what it needs: apt-get install pcscd vsmartcard-vpcd util-linux.",
)
NEEDS_NAMESPACES = Advice(
    "needsNamespaces",
    "It needs root, or a system that permits user namespaces (unshare --map-root-user).",
)
RUN_AGAIN = Advice("runAgain", "Run it again: the computer may be busy.")
