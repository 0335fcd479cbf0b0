"""How much of a peer is borne, card or server: the one place for every such number.

A peer may be hostile, broken, or somebody else than it should be. Whatever it sends, an exchange with it
ends, and takes no more room than this. docs/trust.md has the same numbers in a table.
"""

from __future__ import annotations

# Servers: time in seconds
CONNECT_SECONDS = (
    10.0  # for the TCP connection, all addresses of a name together; again for proxy and greeting
)
READ_SECONDS = 30.0  # for each piece of an answer
EXCHANGE_SECONDS = 60.0  # for a request and its whole answer

# Servers: size
HEADER_BYTES = 1 << 16  # of an answer's status line and header lines, from the server or a proxy
BODY_BYTES = 1 << 20  # of an answer
CHUNKING = 4  # times as long as it is may a body be on its way, cut into chunks
JSON_DEPTH = 16  # objects and lists in each other
CHAIN = 4  # certificates between a server's and the issuer
CERTIFICATES = 10  # that a server sends, its own included, are looked at
PATHS = 16  # ways through them are tried

# Servers: number
REDIRECTS = 0
ATTEMPTS = 1  # of a request: what may have arrived is not sent again

# Cards: size and number
BLOCKS = 256  # of a command: they are counted in one byte (P2)
ANSWER_BYTES = 65535  # of an answer
ANSWER_ROUNDS = 1024  # of GET RESPONSE for one answer
LIST_ITEMS = 1024  # in a list
