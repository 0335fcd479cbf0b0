"""This computer: private files with durable writes, locks between processes, settings of the environment.

What differs between systems is in `system`: `lpa.host.posix` or, with the same names, `lpa.host.windows`.
"""

import sys

if sys.platform == "win32":
    from lpa.host import windows as system
else:
    from lpa.host import posix as system

__all__ = ["system"]
