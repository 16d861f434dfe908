"""`python -m llmctl.serving.weights.fetch --configuration FILE --model NAME --directory DIR --relay URL`

or `--volume DIR` in the place of `--relay`, for files that are mounted. Progress goes to stdout.

Exit codes: 0 all files are there and verified, 1 the relay or its source failed (trying again may help), 2 a flag or
the configuration is wrong, 3 the disk is full, 4 a file is not what it should be.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from llmctl.serving.errors import InvalidWeights
from llmctl.serving.weights.configuration import WeightsConfiguration
from llmctl.serving.weights.fetch.errors import Damaged, FetchError, NoRoom
from llmctl.serving.weights.fetch.fetching import fetch, umask
from llmctl.serving.weights.fetch.sources import DirectorySource, RelaySource, Source
from llmctl.serving.weights.fetch.workers import Manner
from llmctl.serving.weights.listing.volume import list_volume

EXIT_FAILED, EXIT_USAGE, EXIT_NO_ROOM, EXIT_DAMAGED = 1, 2, 3, 4


def main() -> int:
    arguments = _parser().parse_args()
    umask()
    try:
        return _run(arguments)
    except (InvalidWeights, OSError) as error:
        return _ended(str(error), EXIT_USAGE)
    except NoRoom as error:
        return _ended(str(error), EXIT_NO_ROOM)
    except Damaged as error:
        return _ended(str(error), EXIT_DAMAGED)
    except FetchError as error:
        return _ended(str(error), EXIT_FAILED)


def _run(arguments: argparse.Namespace) -> int:
    configuration = WeightsConfiguration.from_json(arguments.configuration.read_text(encoding="utf-8"))
    weights = configuration.weights(arguments.model)
    files = weights.files or list_volume(arguments.volume) if arguments.volume else weights.files
    manner = Manner(connections=arguments.connections, patience=arguments.patience)
    say(f"weights of {arguments.model}: {len(files)} files, {sum(file.size for file in files) / 1e9:.1f} GB")
    done = fetch(files, arguments.directory, _source(arguments), manner=manner, say=say)
    say(str(done))
    return 0


def _source(arguments: argparse.Namespace) -> Callable[[], Source]:
    if arguments.volume is not None:
        return lambda: DirectorySource(arguments.volume)
    return lambda: RelaySource(arguments.relay, arguments.model)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _ended(message: str, code: int) -> int:
    say(f"weights failed: {message}")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m llmctl.serving.weights.fetch", allow_abbrev=False)
    parser.add_argument("--configuration", required=True, type=Path, help="JSON of WeightsConfiguration")
    parser.add_argument("--model", required=True, help="name of the model in it")
    parser.add_argument("--directory", required=True, type=Path, help="where the files are to be")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--relay", help="http://weights:8080")
    source.add_argument("--volume", type=Path, help="a mounted directory with the files")
    parser.add_argument("--connections", type=int, default=Manner.connections)
    parser.add_argument("--patience", type=float, default=Manner.patience, help="seconds without a byte")
    return parser


if __name__ == "__main__":
    sys.exit(main())
