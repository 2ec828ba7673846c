"""`python -m funding.runtime demo|test …`: what bin/demo and bin/test execute."""

import sys
from importlib import import_module

from funding.runtime.options import TEST_HELP, demo_options


def main() -> int:
    words = sys.argv[1:]
    if not words or words[0] not in {"demo", "test"}:
        print("Use bin/demo or bin/test.", file=sys.stderr)
        return 2
    if words[1:2] in (["-h"], ["--help"]):
        print_help(words[0])
        return 0
    # Loaded by name, so that neither command needs what only the other imports.
    module = import_module(f"funding.runtime.{'demo' if words[0] == 'demo' else 'testing'}")
    code: int = module.main(words[1:])
    return code


def print_help(command: str) -> None:
    if command == "test":
        print(TEST_HELP)
    else:
        demo_options(["--help"])


if __name__ == "__main__":
    sys.exit(main())
