"""`python -m bench ledger [--json] [--quick]`: starts a PostgreSQL of its own, measures in interleaved rounds, prints ratios."""

from __future__ import annotations

import argparse
import json
import sys

from bench import cluster, ledger, report


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", choices=["ledger"])
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds; medians are of these (3)")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement in a round (2)")
    parser.add_argument("--legs", type=int, default=1_000_000, help="of the account whose balance is read (1,000,000)")
    parser.add_argument("--inflows", type=int, default=100_000, help="into the fund whose provenance is read (100,000)")
    parser.add_argument("--quick", action="store_true", help="small books and short rounds: shows that it runs, and nothing else")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.legs, options.inflows = 1, 0.5, 20_000, 2_000
    with cluster.started(say=lambda line: print(line, file=sys.stderr, flush=True)) as servers:
        result = ledger.measure(servers, options)
    print(json.dumps(result, indent=2) if options.json else report.table(result))
    return 0 if report.floors_hold(result) else 1


if __name__ == "__main__":
    sys.exit(main())
