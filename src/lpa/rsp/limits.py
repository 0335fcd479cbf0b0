"""Limits on what a card or server may send: the one place for every such number.

A peer may be hostile, broken or an impostor. Whatever it sends, an exchange with it ends, and takes no more
time and memory than these limits allow. docs/trust.md lists the same numbers in a table.
"""

from __future__ import annotations

# The smart card service and cards: time in seconds
SERVICE_SECONDS = 10.0  # for the list of readers, a connection to a card, its reset, and its status
# A piece of a profile, an erasure or a signature may take tens of seconds on a slow card, and a card that is
# given up must be read again before it is known what it did. So this is many times what is usual.
CARD_SECONDS = 120.0  # for the answer to a command, unless a program or --card-timeout says otherwise

# Servers: time in seconds
CONNECT_SECONDS = 10.0  # each: to resolve a name, to connect, to pass a proxy, and for the TLS handshake
READ_SECONDS = 30.0  # for each piece of an answer
EXCHANGE_SECONDS = 60.0  # for a request and its complete answer
IDLE_SECONDS = 30.0  # for which an unused connection is kept: routers forget it without a word
DELIVERY_SECONDS = 300.0  # for all notifications of one operation; no further one is sent after that
DISCOVERY_SECONDS = 300.0  # for all servers that discovery leads to; no further one is asked after that

# Servers: size
HEADER_BYTES = 1 << 16  # of an answer's status line and header lines, from the server or a proxy
BODY_BYTES = 1 << 20  # of an answer
PACKAGE_BODY_BYTES = 1 << 24  # of an answer that holds a package, which is not kept in memory
PACKAGE_BYTES = 1 << 23  # of a package: more than fits on a card
CHUNKING = 4  # times the length of a body, for its chunked transfer coding
JSON_DEPTH = 16  # of nested objects and lists
JSON_VALUES = 4096  # in one answer
MEMBER_BYTES = 8192  # of an object in an answer: four of them must fit in a command of 65280 bytes
EVENT_CHARACTERS = 255  # of an event id, as in an activation code
TRANSACTION_BYTES = 16  # of a transaction id
CHAIN = 4  # certificates between a server's own and the issuer's
CERTIFICATES = 10  # read of those that a server sends, its own included
PATHS = 16  # chains of these certificates to try

# Servers: number
REDIRECTS = 0
ATTEMPTS = 1  # of a request: one that may have arrived is not sent again
EVENTS = 16  # in a discovery server's answer: each leads to a server that a stranger chose
REFERRALS = 4  # from one discovery server to the next
DOWNLOADS = 32  # in one run, of profiles that discovery servers announce

# Cards: size and number
BLOCKS = 256  # of a command: one byte (P2) numbers them
SEGMENT_BYTES = 255 * BLOCKS  # of a package, in one command with blocks of the usual size
ANSWER_BYTES = 65535  # of an answer
ANSWER_ROUNDS = 1024  # of GET RESPONSE for one answer
LIST_ITEMS = 1024  # in a list
RECORDS = 254  # of a file that does not state its number of records: one byte numbers them
RESTART_TRIES = 10  # to open a card after a reset
REFRESH_TRIES = 20  # with a second between two, to read a card that a modem or phone restarts

# Files
RECEIPT_BYTES = 1 << 16  # of a notification: no answer of a card is larger
