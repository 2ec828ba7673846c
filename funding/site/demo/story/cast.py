"""Who there is. Everybody is invented; every address ends in `.example`."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.account.models import EmailAddress

from funding import clock
from funding.people.models import User
from funding.people.roles import Role
from funding.site.demo.models import Person

HOST = "host"
QUILLON, HARROW, TERN = "project:quillon", "project:harrow", "project:tern"
CORE = "committee:core"
HOLDS, LEADS, DECIDES, PAYS = Person.Group.HOST, Person.Group.PROJECT, Person.Group.COMMITTEE, Person.Group.SPONSOR


@dataclass(frozen=True, slots=True)
class Player:
    """One of the demo's people: `part` is what the list says of them, `roles` are (role, subject)."""

    key: str
    group: str
    name: str
    email: str
    part: str
    roles: tuple[tuple[str, str], ...] = ()


CAST = (
    Player("ingrid", HOLDS, "Ingrid Halvorsen", "ingrid@fjord.example", "administrator", ((Role.ADMIN, HOST),)),
    Player("solveig", HOLDS, "Solveig Moe", "solveig@fjord.example", "treasurer, prepares payouts", ((Role.TREASURER, HOST),)),
    Player("mateus", HOLDS, "Mateus Pinto", "mateus@fjord.example", "treasurer, releases payouts", ((Role.TREASURER, HOST),)),
    Player("ragna", HOLDS, "Ragna Lie", "ragna@audit.example", "auditor", ((Role.AUDITOR, HOST),)),
    Player("marit", LEADS, "Marit Solheim", "marit@quillon.example", "Quillon, paid by the day", ((Role.MAINTAINER, QUILLON),)),
    Player("theo", LEADS, "Theo Brandt", "theo@quillon.example", "Quillon, paid through an employer", ((Role.MAINTAINER, QUILLON),)),
    Player("nils", LEADS, "Nils Eide", "nils@eide.example", "employer of Theo Brandt"),
    Player("inger", LEADS, "Inger Dahl", "inger@harrow.example", "Harrow, asks for days", ((Role.MAINTAINER, HARROW),)),
    Player("kofi", LEADS, "Kofi Mensah", "kofi@tern.example", "Tern", ((Role.MAINTAINER, TERN),)),
    Player("hanne", DECIDES, "Hanne Vik", "hanne@core.example", "chair", ((Role.CHAIR, CORE),)),
    Player("lena", DECIDES, "Lena Aas", "lena@core.example", "has a review to finish", ((Role.MEMBER, CORE),)),
    Player("adaeze", DECIDES, "Adaeze Nwosu", "adaeze@core.example", "member", ((Role.MEMBER, CORE),)),
    Player("jonas", DECIDES, "Jonas Lindqvist", "jonas@core.example", "member", ((Role.MEMBER, CORE),)),
    Player("samuel", DECIDES, "Samuel Ortiz", "samuel@core.example", "has a review to begin", ((Role.MEMBER, CORE),)),
    Player("priya", DECIDES, "Priya Raman", "priya@core.example", "steps back from two proposals", ((Role.MEMBER, CORE),)),
    Player("june", PAYS, "June Okafor", "june@bracken-lowe.example", "for Bracken & Lowe Ltd"),
    Player("idris", PAYS, "Idris Bellamy", "idris@mail.example", "as a person"),
    Player("maud", PAYS, "Maud Tessier", "maud@larkspur.example", "for Larkspur Tools, whose card is refused"),
)

BY_KEY = {player.key: player for player in CAST}


def user(key: str) -> User:
    """The account of one of the cast."""
    return account(BY_KEY[key].email)


def account(email: str) -> User:
    return User.objects.get(email=email)


def enter_cast() -> None:
    for position, player in enumerate(CAST):
        enter(player.name, player.email, player.part, player.group, position)


def enter(name: str, email: str, part: str, group: str = "", position: int = 1_000) -> User:
    """Their account, with a verified address and no password, and their place among those whom one may become."""
    found = User.objects.filter(email=email).first()
    if found is None:
        found = User.objects.create_user(email, None, name=name, date_joined=clock.now())
    EmailAddress.objects.get_or_create(user=found, email=email, defaults={"verified": True, "primary": True})
    Person.objects.get_or_create(user=found, defaults={"part": part, "group": group, "position": position})
    return found
