"""How much is borne of a peer, card or server: the one place for every such number.

A peer may be hostile, broken, or somebody else than it should be. Whatever it sends, an exchange with it
ends, and takes no more room than this. docs/trust.md has the same numbers in a table.
"""

from __future__ import annotations

# Servers: time in seconds
CONNECT_SECONDS = (
    10.0  # for a name to resolve; again to connect to its addresses, for a proxy, and to handshake
)
READ_SECONDS = 30.0  # for each piece of an answer
EXCHANGE_SECONDS = 60.0  # for a request and its whole answer
DELIVERY_SECONDS = 300.0  # for all notifications of one operation: then no more of them is begun
DISCOVERY_SECONDS = 300.0  # for all servers that discovery leads to: then no more of them is asked

# Servers: size
HEADER_BYTES = 1 << 16  # of an answer's status line and header lines, from the server or a proxy
BODY_BYTES = 1 << 20  # of an answer
PACKAGE_BYTES = 1 << 22  # of an answer that carries a profile: base64 of 3 MB, more than a card has room for
CHUNKING = 4  # times its own length that a body may have on its way, cut into chunks
JSON_DEPTH = 16  # objects and lists in each other
JSON_VALUES = 4096  # in one answer
MEMBER_BYTES = 8192  # of an object in an answer: of four of them a card takes 65280 in one command
EVENT_CHARACTERS = 255  # of the name under which something waits, as in an activation code
TRANSACTION_BYTES = 16  # of the name of a session
CHAIN = 4  # certificates between a server's and the issuer
CERTIFICATES = 10  # that a server sends, its own included, are looked at
PATHS = 16  # ways through them are tried

# Servers: number
REDIRECTS = 0
ATTEMPTS = 1  # of a request: what may have arrived is not sent again
EVENTS = 16  # that a discovery server may know of: each leads to a server of a stranger's choice
REFERRALS = 4  # from one discovery server to the next
DOWNLOADS = 32  # in one run, of what discovery servers name

# Cards: size and number
BLOCKS = 256  # of a command: they are counted in one byte (P2)
SEGMENT_BYTES = 255 * BLOCKS  # of a package, in one command with blocks of the usual size
ANSWER_BYTES = 65535  # of an answer
ANSWER_ROUNDS = 1024  # of GET RESPONSE for one answer
LIST_ITEMS = 1024  # in a list
RECORDS = 254  # of a file that does not say how many it has: they are counted in one byte
RESTART_TRIES = 10  # until a card that was reset is there again

# Files
RECEIPT_BYTES = 1 << 16  # of a notification: a card cannot say more at once
