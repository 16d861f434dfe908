"""How weights get into a pod: listed once with their hashes, passed on by one relay, verified where they are used.

| stage | where | its one rule |
| --- | --- | --- |
| list | listing/ | a file without a hash is not listed |
| say | configuration.py | what is not in this JSON is neither served nor fetched |
| relay | relay/ | the only one with egress and credentials; passes on listed files and nothing else |
| fetch | fetch/ | a file appears under its name when its hash is right, and not before |

The servers' pods have no way out of the cluster at all: their init container reaches the relay by its Service, and
the relay reaches the source. Both read the same configuration, from one ConfigMap.
"""
