"""`python -m lpa` is the command `lpa`."""

from lpa.cli.main import main

main()
