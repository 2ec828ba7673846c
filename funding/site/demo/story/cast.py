"""Who there is. Everybody is invented; every address ends in `.example`."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.account.models import EmailAddress

from funding import clock
from funding.people.models import User
from funding.people.roles import Role
from funding.site.demo.models import Person

HOST = "host"
QUILLON, HARROW = "project:quillon", "project:harrow"
CORE = "committee:core"


@dataclass(frozen=True, slots=True)
class Player:
    """One of the demo's people: `part` is what the list says of them, `roles` are (role, subject)."""

    key: str
    name: str
    email: str
    part: str
    roles: tuple[tuple[str, str], ...] = ()


CAST = (
    Player("ingrid", "Ingrid Halvorsen", "ingrid@fjord.example", "Administrator of the host", ((Role.ADMIN, HOST),)),
    Player("solveig", "Solveig Moe", "solveig@fjord.example", "Treasurer, prepares payouts", ((Role.TREASURER, HOST),)),
    Player("mateus", "Mateus Pinto", "mateus@fjord.example", "Treasurer, releases payouts", ((Role.TREASURER, HOST),)),
    Player("samuel", "Samuel Ortiz", "samuel@audit.example", "Auditor", ((Role.AUDITOR, HOST),)),
    Player("marit", "Marit Solheim", "marit@quillon.example", "Maintainer of Quillon, paid by the day", ((Role.MAINTAINER, QUILLON),)),
    Player("theo", "Theo Brandt", "theo@quillon.example", "Maintainer of Quillon, approves days", ((Role.MAINTAINER, QUILLON),)),
    Player("inger", "Inger Dahl", "inger@harrow.example", "Maintainer of Harrow, asks for days", ((Role.MAINTAINER, HARROW),)),
    Player("hanne", "Hanne Vik", "hanne@core.example", "Chair of the committee", ((Role.CHAIR, CORE),)),
    Player("lena", "Lena Aas", "lena@core.example", "Committee member", ((Role.MEMBER, CORE),)),
    Player("adaeze", "Adaeze Nwosu", "adaeze@core.example", "Committee member", ((Role.MEMBER, CORE),)),
    Player("jonas", "Jonas Lindqvist", "jonas@core.example", "Committee member", ((Role.MEMBER, CORE),)),
    Player("priya", "Priya Raman", "priya@core.example", "Committee member, related to Marit", ((Role.MEMBER, CORE),)),
    Player("june", "June Okafor", "june@bracken-lowe.example", "Sponsor, for a company"),
    Player("idris", "Idris Bellamy", "idris@mail.example", "Sponsor, as a person"),
)

BY_KEY = {player.key: player for player in CAST}


def user(key: str) -> User:
    """The account of one of the cast."""
    return User.objects.get(email=BY_KEY[key].email)


def enter(player: Player, position: int) -> User:
    """Their account, with a verified address and no password, and their place in the list of whom one may become."""
    found = User.objects.filter(email=player.email).first()
    if found is None:
        found = User.objects.create_user(player.email, None, name=player.name, date_joined=clock.now())
    EmailAddress.objects.get_or_create(user=found, email=player.email, defaults={"verified": True, "primary": True})
    Person.objects.get_or_create(user=found, defaults={"part": player.part, "position": position})
    return found
