"""The relay: the one pod with egress, which passes on the files of its configuration and nothing else.

`GET /MODEL/PATH` (with `Range`) answers 200 or 206 with the bytes as the source has them, 404 for what is not in the
configuration, 416 for a range outside of it, 502 where the source refuses (with its reason), 504 where the source does
not answer. `GET /health` answers 200. It keeps nothing and verifies nothing: whoever fetches does.
"""
