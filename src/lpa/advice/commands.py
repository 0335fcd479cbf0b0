"""What to do about what the command itself asks for."""

from __future__ import annotations

from lpa.advice import Advice

SEND_REMOVES_IT = Advice("sendRemovesIt", "'lpa notifications send' removes it from the card.")
SEND_OR_UNSENT = Advice(
    "sendOrUnsent",
    "'lpa notifications send' sends it. To remove it anyway, add --unsent.",
)
ACCEPT_WITH = Advice("acceptWith", "Use {options} to accept them.")
CONFIRM_WITH = Advice("confirmWith", "Nothing was changed. Use {options} to confirm without being asked.")
ORDER_CANCELLED = Advice("orderCancelled", "Most servers then cancel the order.")
RUN_AGAIN_TO_INSTALL = Advice("runAgainToInstall", "Run the command again to install it.")
LIST_SHOWS_ENABLED = Advice(
    "listShowsEnabled",
    "'lpa list' shows whether it is enabled; 'lpa enable' enables it.",
)
CODE_FILE = Advice("codeFile", "Use --confirmation-code-file.")
ANOTHER_CODE_FILE = Advice(
    "anotherCodeFile",
    "The file's code was for one profile. Run the command again with a file that has this profile's code.",
)
ASK_PIN = Advice("askPin", "Without --ask-pin no PIN is asked for.")
