"""What the files of a profile hold: contacts, messages, texts in the alphabets of SIM cards."""
