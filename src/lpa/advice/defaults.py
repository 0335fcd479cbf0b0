"""What to do about each kind of error, where nothing better is known."""

from __future__ import annotations

from lpa.advice import Advice

TRY_AGAIN_UNCHANGED = Advice("tryAgainUnchanged", "Nothing was changed. Try again.")
START_SERVICE = Advice(
    "startService",
    "Start the smart card service (Linux: 'systemctl start pcscd.socket', or 'pcscd').",
)
CONNECT_READER = Advice("connectReader", "Connect a card reader, or name one that 'lpa readers' lists.")
PUT_CARD_IN = Advice("putCardIn", "Put the card into the reader and try again.")
CLOSE_OTHER_PROGRAM = Advice(
    "closeOtherProgram",
    "Close the other program that uses the card (a modem manager, another lpa) and try again.",
)
CLEAN_CARD = Advice(
    "cleanCard",
    "Remove the card, clean its contacts, insert it the right way round, and try again.",
)
REPLUG_READER = Advice(
    "replugReader",
    "Unplug the card reader and plug it in again. If that does not help, restart the smart card "
    "service (Linux: 'systemctl restart pcscd').",
)
INSERT_CARD_AGAIN = Advice("insertCardAgain", "Insert the card again, then run 'lpa list' to see its state.")
USE_EUICC = Advice(
    "useEuicc",
    "An ordinary SIM holds no eSIM profiles. Use an eUICC, or name its ISD-R with --aid.",
)
CHECK_NETWORK = Advice("checkNetwork", "Check the network and try again.")
RETRIED_WHEN_DUE = Advice(
    "retriedWhenDue",
    "It is retried by the next command that goes online once it is due. 'lpa notifications send' "
    "retries it now.",
)
LOOK_BEFORE_RETRY = Advice("lookBeforeRetry", "Run 'lpa list' to see the card's state before you try again.")
SHOW_ANSWER = Advice(
    "showAnswer",
    "Try again. If it persists, the card or server does not follow SGP.22; '-vv' shows its answer.",
)
ASK_WITH_CODES = Advice("askWithCodes", "Ask the operator; the codes above say why their server refused.")
NOT_THE_OPERATOR = Advice(
    "notTheOperator",
    "Stop: this may not be the operator's server. If the server uses a private authority, name its "
    "certificate with --ca-bundle.",
)
FREE_DISK_OR_STATE_DIR = Advice(
    "freeDiskOrStateDir",
    "Free some disk space or choose another folder with --state-dir, then try again.",
)
NOTHING_CHANGED = Advice("nothingChanged", "Nothing was changed.")
RESUME_COMPLETES = Advice("resumeCompletes", "Run 'lpa resume': it completes what was begun.")
TRY_AGAIN_WHEN_FINISHED = Advice("tryAgainWhenFinished", "Try again when it has finished.")
TRY_AGAIN = Advice("tryAgain", "Try again.")
