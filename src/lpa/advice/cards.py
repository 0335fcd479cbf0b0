"""What to do about readers, cards, the files of a profile, and what a card refuses."""

from __future__ import annotations

from lpa.advice import Advice

CHOOSE_READER = Advice(
    "chooseReader",
    "Choose one with --reader, by its name or its number in 'lpa readers'.",
)
INSERT_EUICC = Advice("insertEuicc", "Insert the eUICC into one of the readers.")
NAME_READER_OR_SIM = Advice(
    "nameReaderOrSim",
    "Name a reader that 'lpa readers' lists, or a simulated card with sim:PATH.",
)
WRITE_SIM = Advice("writeSim", "If it is a simulated card, write sim:{name}.")
LEAVE_OUT_ELEMENT = Advice(
    "leaveOutElement",
    "Leave out '#2' behind the reader's name. 'lpa readers' lists what each card has.",
)
LEAVE_OUT_AID = Advice("leaveOutAid", "Leave out --aid, or leave out '#{number}' behind the reader's name.")
LARGER_BLOCKS = Advice(
    "largerBlocks",
    "Nothing was sent. If you set a small --block-size, choose a larger one.",
)
REINSERT_OR_REPLUG = Advice(
    "reinsertOrReplug",
    "Remove the card and insert it again, or unplug the reader and plug it in again. Until then the "
    "smart card service may report that another program is using the card.",
)
GIVE_PIN = Advice("givePin", "Give its PIN. It is not sent if only one try is left.")
GIVE_WHOLE_PIN = Advice("giveWholePin", "Give the PIN of the profile; no try was used.")
CHECK_PIN = Advice("checkPin", "Check the PIN before you retry.")
UNBLOCK_WITH_PUK = Advice(
    "unblockWithPuk",
    "Unblock it in a phone with the PUK, which the operator provides.",
)
PIN_IN_PHONE = Advice("pinInPhone", "Enter the PIN in a phone: the correct PIN restores all tries.")
SEE_LIST = Advice("seeList", "Run 'lpa list' to see the card's profiles.")
REINSERT_AND_LIST = Advice(
    "reinsertAndList",
    "Remove the card and insert it again, run 'lpa list', and retry.",
)
START_DOWNLOAD_AGAIN = Advice("startDownloadAgain", "Nothing was installed. Start the download again.")
LOCKED_TO_APP = Advice(
    "lockedToApp",
    "Remove the card, insert it again and retry. If it still refuses, it may be locked to the app of "
    "its maker, or be managed by an LPA on the card itself (LPAe): use that.",
)
ASK_IF_CARD_WORKS = Advice(
    "askIfCardWorks",
    "Nothing was installed. Ask the operator whether its eSIMs work with this card.",
)
DISABLE_FIRST = Advice("disableFirst", "Disable it first: 'lpa disable ICCID'.")
NOTHING_NEEDED = Advice("nothingNeeded", "Nothing needs to be done.")
ONLY_OPERATOR_LIFTS_RULES = Advice(
    "onlyOperatorLiftsRules",
    "Only the operator can lift its rules; 'lpa show ICCID' lists them.",
)
ENABLE_PREVIOUS_OR_DISABLE_TEST = Advice(
    "enablePreviousOrDisableTest",
    "Enable that profile, or disable the test profile first: 'lpa disable ICCID'.",
)
END_DIALOGUE = Advice("endDialogue", "End the dialogue, or remove the card and insert it again; then retry.")
ASK_ENTERPRISE = Advice("askEnterprise", "Ask the enterprise that manages this card.")
WAIT_FOR_OPERATOR = Advice("waitForOperator", "Wait until the operator has finished, then retry.")
DISABLE_ANOTHER_FIRST = Advice(
    "disableAnotherFirst",
    "Disable another profile first: 'lpa list', then 'lpa disable ICCID'.",
)
WAIT_OR_REINSERT = Advice(
    "waitOrReinsert",
    "Wait a few seconds, or remove the card and insert it again; then retry.",
)
SEE_VERSION = Advice("seeVersion", "Run 'lpa info' to see which version of SGP.22 the card supports.")
SEE_PENDING = Advice("seePending", "Run 'lpa notifications list' to see the pending notifications.")
ASK_OPERATOR_OF_ENABLED = Advice(
    "askOperatorOfEnabled",
    "Ask the operator of the enabled profile; 'lpa list' shows which profile it is.",
)
ASK_OPERATOR_TO_LIFT = Advice("askOperatorToLift", "Ask its operator to lift the rule.")
DISABLE_TEST_FIRST = Advice(
    "disableTestFirst",
    "Disable the test profile first: 'lpa list', then 'lpa disable ICCID'.",
)
NOTHING_NEEDED_PROFILES = Advice(
    "nothingNeededProfiles",
    "Nothing needs to be done; 'lpa list' shows the remaining profiles.",
)
NOTHING_NEEDED_NOTIFICATIONS = Advice(
    "nothingNeededNotifications",
    "Nothing needs to be done; 'lpa notifications list' shows the remaining ones.",
)
SEND_AGAIN_LATER = Advice(
    "sendAgainLater",
    "The server may receive it twice, which does no harm. Run 'lpa notifications send' again later.",
)
SHORTER_NICKNAME = Advice("shorterNickname", "Try a shorter nickname; the maximum is 64 bytes.")
SHORTER_ADDRESS = Advice(
    "shorterAddress",
    "Try a shorter address, or a complete one such as 'rsp.example.com'.",
)
ASK_MAKER_ABOUT_NUMBER = Advice(
    "askMakerAboutNumber",
    "Run 'lpa list' to see the card's state; the card's manufacturer can explain the number.",
)
CHECK_DIGITS_WRONG = Advice(
    "checkDigitsWrong",
    "Its check digits are wrong. Some genuine cards have such an EID.",
)
USE_CARD_READER = Advice("useCardReader", "Put the card into a card reader for this.")
READER_TO_SAVE = Advice("readerToSave", "Put the card into a card reader to save them.")
CHANNEL_NOT_IN_CLASS = Advice(
    "channelNotInClass",
    "If the modem or phone writes the class byte, the transport must say so: channel_in_class = False.",
)
CHECK_MODEM = Advice("checkModem", "Check that the modem or the reader still works, then try again.")
RESTART_MODEM = Advice("restartModem", "Restart the modem or phone, then run 'lpa resume'.")
OPEN_IN_FORK = Advice("openInFork", "Nothing was done. Open an assistant of your own in the forked process.")
OPEN_ANOTHER = Advice("openAnother", "Nothing was done. Open another one.")
WAIT_LONGER = Advice("waitLonger", "Try again when it has finished, or wait longer for it.")
