"""The command `lpa`, a thin layer over `lpa.Assistant`: each command parses, calls the library and reports.

A module imports only modules further down this list: `main`, `running`, `app`, `commands`, `views` and
`console`, `group` and `parsing`, `exits`, `screen` and `json_output`.
"""
