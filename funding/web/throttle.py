"""How often something may be tried: one count for all processes, in Redis, and nowhere else.

    throttle.hit("sign-up", throttle.network(place), limit=40, per=dt.timedelta(hours=1), when_down=throttle.REFUSE)

Each `name` and `who` has a window that begins with its first try. Redis forgets a count when its window ends, so what is kept is
bounded by how many came in the last window; it keeps a hash, so that nobody's address is stored. These are limits on tries. They are no
rule about money: such rules are in the services and in the database. Windows are real time, because attackers do not follow our calendar.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import logging
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import redis
from django.conf import settings
from django.utils.translation import gettext_lazy

from funding.errors import Throttled, Unavailable

log = logging.getLogger(__name__)

WhenDown = Literal["pass", "refuse"]
PASS: Final = "pass"
"""While Redis is away nobody is counted: for acts of people who are known, where waiting would harm more than a flood."""
REFUSE: Final = "refuse"
"""While Redis is away nobody gets in: for gates that strangers push against, such as sign-in and public card pages."""

AWAY = gettext_lazy("A part of this site that keeps it safe is down. Nothing was done; try again in a few minutes.")

PATIENCE = 1.0
"""Seconds that Redis has to take a call, and again to answer it."""

COUNT = """
local tries = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return {tries, left}
"""
"""In one step, so that no count is without an end and two processes never read the same number."""


def hit(name: str, *who: str, limit: int, per: dt.timedelta, when_down: WhenDown = PASS) -> None:
    """Count one try of `name` by `who`; the parts of `who` make one key together, and none counts everybody.

    The first `limit` tries of a window of length `per` pass. Raises Throttled, with the seconds that are left of the window, for those
    after them. An empty part is a value like any other: those whose address is unknown share one count. Raises Unavailable when Redis
    is away and `when_down` is REFUSE. Counts are not undone by a transaction that is rolled back. Call it before the work, outside it.
    """
    try:
        tries, left = _client(settings.REDIS_URL).eval(COUNT, 1, _key(name, who), int(per.total_seconds() * 1000))
    except redis.RedisError as error:
        log.warning("tries of %s are not counted: %s", name, error)
        if when_down == REFUSE:
            raise Unavailable(AWAY) from error
        return
    if tries > limit:
        raise Throttled(seconds=max(1, -(-left // 1000)))


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit as a page declares it: `tries = throttle.Limit("proposal", 20, dt.timedelta(hours=1))`."""

    name: str
    limit: int
    per: dt.timedelta
    when_down: WhenDown = PASS

    def hit(self, *who: str) -> None:
        hit(self.name, *who, limit=self.limit, per=self.per, when_down=self.when_down)


def network(address: str) -> str:
    """The neighbourhood of a network address: /24 of version 4, /64 of version 6, which is what one customer is given.

    What is no address comes back as it is.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    found = getattr(found, "ipv4_mapped", None) or found
    return str(ipaddress.ip_network(f"{found}/{24 if found.version == 4 else 64}", strict=False))


def _key(name: str, who: tuple[str, ...]) -> str:
    """Of fixed length, whatever was sent. Lengths keep ("ab", "c") and ("a", "bc") apart."""
    text = "".join(f"{len(part)}:{part}" for part in (name, *who))
    return f"{settings.CACHES['default'].get('KEY_PREFIX', '')}:throttle:{hashlib.sha256(text.encode()).hexdigest()}"


@lru_cache(maxsize=4)
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
