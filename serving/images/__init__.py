"""Container images pinned by what a registry answered, and copied to a registry of one's own.

| stage | file | its one rule |
| --- | --- | --- |
| name | reference.py | a reference has one spelling here, whatever was left out of it |
| ask | registry.py, transport.py, answers.py, authorization.py, credentials.py | a body is believed by its SHA-256 |
| read | manifest.py | what an index or a manifest names, and nothing else of it |
| remember | lock.py, lock_file.py, lock_reader.py | a digest is a registry's answer; without one the entry stays open |
| copy | mirror_plan.py, mirror.py, archive.py, push.py | from a registry or an archive, with its digest |
| send | transfer.py, blob.py | layers pass in pieces; what is there already is not sent again |

The registry client is our own: of the libraries for it, oras 0.2 hands out manifests parsed (their bytes, which the
digest is over, are gone) and picks no platform from an index; python-dxf 12 holds each manifest to its hash, but reads
no Docker configuration; neither waits for a 429 or takes up a layer that was cut; both bring requests as a second HTTP
stack. docker-image-py 0.2 parses references only, and needs the regex package for it.
"""
