"""Facts as lines of text, tables or JSON members: nothing here prints or asks."""
