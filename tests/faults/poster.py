"""One client that posts until it is killed or its server is gone: prints the reference of each post once it was acknowledged."""

import itertools
import os
import sys

import psycopg

LINE = "ROW(%s, %s, 1, 'move', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::ledger_line"
POST = f"SELECT number FROM ledger_post('test', 'kill', %s, 1, NULL, now(), '2026-03-02', ARRAY[{LINE}, {LINE}])"


def main(address: str, name: str, funds: list[int]) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        for number in itertools.count():
            reference = f"{name}-{number}"
            first, second = funds[number % len(funds)], funds[(number + 1) % len(funds)]
            connection.execute(POST, (reference, first, second, second, first))
            os.write(1, f"{reference}\n".encode())


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2], [int(fund) for fund in sys.argv[3:]])
    except psycopg.OperationalError:
        sys.exit(3)
