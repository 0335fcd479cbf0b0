"""What to do about the selection, the switching, the backup and the deletion of a profile."""

from __future__ import annotations

from lpa.advice import Advice

NAME_FROM_LIST = Advice(
    "nameFromList",
    "Give a name that 'lpa list' shows, or the last {digits} digits or more of an ICCID.",
)
ENABLE_ONE = Advice("enableOne", "'lpa enable' enables one.")
LIST_SHOWS = Advice("listShows", "'lpa list' shows what it holds.")
NAME_BY_DIGITS = Advice("nameByDigits", "Name it by the last digits of its ICCID.")
MORE_DIGITS = Advice("moreDigits", "Give more of its last digits.")
ENABLE_FOR_BACKUP = Advice(
    "enableForBackup",
    "Enable the profile first: a card shows the files of the enabled profile only.",
)
NEW_FOLDER = Advice("newFolder", "Name a folder that does not exist yet.")
READABLE_IS_SAVED = Advice("readableIsSaved", "What could be read is saved.")
LIFT_OR_REMOVE = Advice("liftOrRemove", "Ask the operator to lift the rule, or to remove the profile.")
LIFT_OR_NO_BACKUP = Advice(
    "liftOrNoBackup",
    "Ask the operator to lift the rule, or delete the profile without a backup.",
)
UNPROTECT_ONE = Advice("unprotectOne", "'lpa unprotect {digits}' lifts the protection.")
UNPROTECT = Advice("unprotect", "{commands} lift the protection.")
LIST_PROTECTED = Advice(
    "listProtected",
    "'lpa protect --list' lists the protected profiles; 'lpa delete' deletes one profile.",
)
ENABLE_THEN_BACK_UP = Advice(
    "enableThenBackUp",
    "Enable the profile with 'lpa enable', then save it with 'lpa backup'.",
)
ASK_EIM = Advice("askEim", "Ask whoever operates the eIM to make the change.")
ASK_MAKER_ABOUT_RESET = Advice(
    "askMakerAboutReset",
    "It may do so at every reset; ask the maker of the card how to change that.",
)
WAIT_FOR_RESTORATION = Advice("waitForRestoration", "Wait until it has restored the previous one.")
ENABLE_RESTORES = Advice("enableRestores", "'lpa enable {restored}' restores the previous state.")
DISABLE_RESTORES = Advice("disableRestores", "'lpa disable {restored}' restores the previous state.")
RESUME_RESTORES = Advice("resumeRestores", "'lpa resume' restores the previous state.")
NEW_PLAN = Advice("newPlan", "Make a new plan: 'lpa delete NAME --plan' shows it.")
LIST_FIRST = Advice("listFirst", "Run 'lpa list' before you do anything else; no other change was requested.")
REINSERT_BEFORE_RETRY = Advice(
    "reinsertBeforeRetry",
    "Take the card out, put it back, and run 'lpa list' before you try again.",
)
RESUME_THEN_DELETE = Advice("resumeThenDelete", "Run 'lpa resume', then delete it.")
RESTORE_THEN_DELETE = Advice("restoreThenDelete", "Restore it with 'lpa resume', then delete.")
RESUME_RECOVERS = Advice(
    "resumeRecovers",
    "It is recovered before anything is deleted; 'lpa resume' recovers it now.",
)
DISABLE_OR_OPTION = Advice(
    "disableOrOption",
    "Disable it with 'lpa disable {digits}', or delete with --disable-first.",
)
DEVICE_UNREACHABLE = Advice(
    "deviceUnreachable",
    "Without it, the device may become unreachable. Its eIM can choose another fallback profile.",
)
KEEP_A_COPY = Advice("keepACopy", "Keep a copy of what you send, and the answer.")
SEND_PENDING = Advice("sendPending", "'lpa notifications send' sends pending notifications.")
SEND_REMOVES = Advice(
    "sendRemoves",
    "'lpa notifications send' removes acknowledged notifications from the card.",
)
EIM_CAN_DELETE = Advice("eimCanDelete", "Whoever operates the eIM can delete the profile.")
KEPT_UNTIL_VERIFIED = Advice(
    "keptUntilVerified",
    "It may not be the operator's server, and is sent nothing. The notification is kept; 'lpa "
    "notifications send' sends it once the server has proved its identity.",
)
KEPT_AND_SENT_LATER = Advice("keptAndSentLater", "The notification is kept, and sent later.")
BACKUP_SAVES = Advice("backupSaves", "'lpa backup' or --backup saves them.")
BACKUP_ENABLES = Advice("backupEnables", "--backup does that; the servers are notified of each switch.")
PUK_FIRST = Advice("pukFirst", "Unblock the PIN with the PUK in a phone first.")
PIN_IN_PHONE_FIRST = Advice(
    "pinInPhoneFirst",
    "Enter the PIN in a phone first: that restores the other tries.",
)
BACKUP_WITH_PIN = Advice("backupWithPin", "Use --backup with --ask-pin to enter it.")
RESUME_FINDS_OUT = Advice(
    "resumeFindsOut",
    "'lpa resume' (Assistant.recover) finds out what happened, keeps the signed notifications and sends "
    "them. It deletes nothing.",
)
