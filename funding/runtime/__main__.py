"""`python -m funding.runtime demo|test …`: what bin/demo and bin/test execute."""

import sys
from importlib import import_module


def main() -> int:
    words = sys.argv[1:]
    if not words or words[0] not in {"demo", "test"}:
        print("Use bin/demo or bin/test.", file=sys.stderr)
        return 2
    # Loaded by name, so that neither command needs what only the other imports.
    module = import_module(f"funding.runtime.{'demo' if words[0] == 'demo' else 'testing'}")
    code: int = module.main(words[1:])
    return code


if __name__ == "__main__":
    sys.exit(main())
