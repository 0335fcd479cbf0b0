"""The files of a profile: contacts, messages, and texts in the alphabets of SIM cards."""
