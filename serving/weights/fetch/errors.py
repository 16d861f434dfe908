"""What a fetcher meets.

FetchError
├── Refused       asking again does not help: the source says no, or the configuration is another one
├── Interrupted   it may: the relay is restarting, a connection was cut
├── Damaged       all bytes are there and are not the right ones
└── NoRoom        the disk is full
"""

from __future__ import annotations

import errno

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class FetchError(Exception):
    """One sentence."""


class Refused(FetchError):
    pass


class Interrupted(FetchError):
    pass


class Damaged(FetchError):
    pass


class NoRoom(FetchError):
    pass
