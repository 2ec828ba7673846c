"""What every page knows: the name of the host, the links of the bar, and whether this is a demo.

Nothing is read from the database until a template asks for it, so that an error page can be drawn without one.
"""

from __future__ import annotations

from functools import cached_property

from django.conf import settings
from django.http import HttpRequest
from django.template import TemplateDoesNotExist
from django.template.loader import get_template

from funding.components import navigation
from funding.people import roles
from funding.people.models import Host, User
from funding.web.ahead import Question

DEMO_BAR = "site/demo/_bar.html"


class Site:
    """Read by templates as `daybook`. (allauth hands its own pages another thing under the name `site`.)"""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.demo = bool(settings.DEMO)

    @cached_property
    def host_name(self) -> str:
        """The organisation that runs this installation, or "" before it has been named."""
        host = Host.get()
        return host.name if host else ""

    @cached_property
    def nav(self) -> list[navigation.Item]:
        return navigation.items(self.request)

    @cached_property
    def account(self) -> list[navigation.Item]:
        """Links of the menu under the reader's own name."""
        return navigation.items(self.request, "account")

    @cached_property
    def foot(self) -> list[navigation.Item]:
        return navigation.items(self.request, "foot")

    @cached_property
    def demo_bar(self) -> str:
        """The template of the demo's bar, or "" where there is none."""
        if not self.demo:
            return ""
        try:
            get_template(DEMO_BAR)
        except TemplateDoesNotExist:
            return ""
        return DEMO_BAR


def questions(request: HttpRequest) -> list[Question]:
    """What the frame of every page asks, for a page that looks ahead."""
    held: list[Question] = [roles.held_by(request.user)] if isinstance(request.user, User) else []
    return [Host.first(), *held, *navigation.questions(request)]


def site(request: HttpRequest) -> dict[str, Site]:
    return {"daybook": Site(request)}
