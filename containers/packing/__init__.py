"""Container images from Debian packages and wheels, without root, chroot, registry or daemon.

| stage | file | its one rule |
| --- | --- | --- |
| fetch | debian.py, python.py | apt and pip bring only what they have verified, from where this machine has them look |
| tree | debian.py, python.py, application.py | a directory that holds what one layer shall hold |
| layer | layer.py | the same tree gives the same bytes: sorted, one owner, one time, no setuid |
| cache | cache.py | a layer is made once for the same packages, requirements, sources and packer |
| image | image.py, archive.py | layers and a configuration in one tar that every container tool reads |

`recipes.py` says what the images are made of. Everything is for linux/amd64, on Debian 12.
"""

from __future__ import annotations


class CannotPack(Exception):
    """One line: what is missing, and what to do."""
