"""lpac's command line and JSON over the procedures of `lpa` (docs/lpac.md).

The names of commands, options, members, functions and variables are lpac's, as observed of lpac 2.3.0.
"""
