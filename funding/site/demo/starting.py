"""The first person of an empty demo: its administrator, by one page instead of a command. There is no such page outside a demo."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils.translation import gettext as _

from funding import clock
from funding.errors import Conflict
from funding.people.models import User
from funding.site.demo.models import Calendar, Person


def is_empty() -> bool:
    """Whether nobody is here yet and no story is on its way."""
    return not User.objects.exists() and not Calendar.objects.filter(began_on__isnull=False).exists()


@transaction.atomic
def first_administrator(*, name: str, email: str) -> User:
    """Whoever begins: may set up the host and name others, and may be become again without a password. Raises Conflict."""
    # Of two presses at once the second waits here, and finds the first one's account.
    Calendar.objects.select_for_update().get_or_create(one=True)
    if not is_empty():
        raise Conflict(
            _("Somebody has begun here already. Become one of the people in the bar below, or begin anew with bin/demo --fresh --empty.")
        )
    user = User.objects.create_superuser(email, None, name=name, date_joined=clock.now())
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    Person.objects.create(user=user, part="began this installation", group=Person.Group.HOST, position=0)
    return user
