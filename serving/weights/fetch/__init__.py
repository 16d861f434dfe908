"""The init container's part: all files of one model, in parallel ranges, verified, whole or not there at all.

| file | its one rule |
| --- | --- |
| partial.py | what has arrived survives the process; what has not is asked for again |
| sources.py | bytes from the relay, or from a mounted volume, into a buffer that is reused |
| workers.py | connections take the next range of the first unfinished file |
| verifying.py | hashes follow the bytes while they arrive; a file gets its name when its hash is right |

Standard library only, so that it starts at once.
"""
