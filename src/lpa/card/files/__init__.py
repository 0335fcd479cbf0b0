"""The files of the enabled profile: contacts, messages, numbers."""
