from __future__ import annotations

import datetime as dt
from typing import Any

from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from funding.audit import selectors as audit_log
from funding.audit.models import Record
from funding.errors import Conflict, Refused
from funding.people import factors, forms, invitations, policies, roles, selectors, services, sessions, subjects
from funding.people.models import Host, Invitation, Membership, Party, Relation, RoleGrant, User
from funding.web import desk, throttle
from funding.web.forms import Confirm
from funding.web.views import SignedIn, SignedInActionView


def page_number(text: str | None) -> int:
    """A page number from an address; whatever is not one is the first page."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 1


class Desk(SignedIn, TemplateView):
    template_name = "funding/people/desk.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        needs_factor = factors.needed(user) and not factors.has(user)
        context = {"items": desk.items(self.request), "held": selectors.profile(user).held, "needs_factor": needs_factor}
        return super().get_context_data(**context, **kwargs)


class HostPage(SignedInActionView):
    """The set-up of an empty installation; afterwards, what was set up."""

    form_class = forms.HostForm
    template_name = "funding/people/host_form.html"
    title = gettext_lazy("Set up this Daybook")
    lead = gettext_lazy("One organisation holds the money for the projects. You become its first administrator.")
    submit = gettext_lazy("Set up")
    done = gettext_lazy("The host is set up. You are its administrator.")
    success_url = reverse_lazy("people:host")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        host = Host.get()
        if host is not None:
            percent = f"{host.fee_basis_points / 100:g}"
            return render(
                request,
                "funding/people/host_detail.html",
                {"host": host, "percent": percent, "tasks": roles.may_manage_people(request.user)},
            )
        self.require_installer()
        return super().get(request, *args, **kwargs)

    def require_installer(self) -> None:
        if not roles.may_manage_people(self.request.user):
            raise Refused(_("Only the person who installed this site sets it up."), rule="role")

    def form_invalid(self, form: forms.HostForm) -> HttpResponse:
        self.require_installer()
        if Host.get() is not None:
            raise Conflict(_("This installation has a host already."))
        return super().form_invalid(form)

    def act(self, form: forms.HostForm) -> None:
        data = form.cleaned_data
        services.create_host(
            actor=self.request.user,
            name=data["name"],
            code=data["code"],
            currency=data["currency"],
            country=data["country"],
            fee_basis_points=form.basis_points,
        )


class PeopleList(SignedIn, TemplateView):
    template_name = "funding/people/user_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        policies.require_manager(self.request.user)
        search = self.request.GET.get("q", "").replace("\x00", "").strip()[:120]
        people, page = selectors.people(search=search, page=page_number(self.request.GET.get("page")))
        invited = invitations.still_open()
        return super().get_context_data(people=people, page=page, search=search, invited=invited, **kwargs)


class GiveRole(SignedInActionView):
    form_class = forms.RoleForm
    title = gettext_lazy("Give a role")
    lead = gettext_lazy("It begins today. Who gave it, and when, stays on record.")
    submit = gettext_lazy("Give the role")
    fresh = True
    done = gettext_lazy("The role is given.")
    success_url = reverse_lazy("people:people")
    extra_context = {"cancel_url": reverse_lazy("people:people")}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            policies.require_manager(request.user)
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "subjects": subjects.choices()}

    def get_initial(self) -> dict[str, Any]:
        return {"email": self.request.GET.get("email", "")[:254]}

    def act(self, form: forms.RoleForm) -> None:
        data, user = form.cleaned_data, form.user
        what = {"role": data["role"], "subject": data["subject"], "until": data["until"]}
        if user is None:
            invitations.invite(actor=self.request.user, email=data["email"], **what)
            self.done = _("{email} is invited. The role begins when they have made their account.").format(email=data["email"])
        else:
            roles.grant(actor=self.request.user, user=user, **what)


class WithdrawInvitation(SignedInActionView):
    form_class = Confirm
    template_name = "components/confirm.html"
    submit = gettext_lazy("Withdraw the invitation")
    done = gettext_lazy("The invitation is withdrawn.")
    success_url = reverse_lazy("people:people")
    extra_context = {"cancel_url": reverse_lazy("people:people")}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            policies.require_manager(request.user)
            self.invitation = get_object_or_404(Invitation.objects.select_related("invited_by"), pk=kwargs["pk"])
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.invitation
        facts = [(_("Role"), row.get_role_display()), (_("Where"), subjects.label(row.subject)), (_("Invited by"), row.invited_by)]
        lead = _("Who makes an account with this address after that has no role.")
        return super().get_context_data(
            title=_("Withdraw the invitation of {email}").format(email=row.email), lead=lead, facts=facts, danger=True, **kwargs
        )

    def act(self, form: Confirm) -> None:
        invitations.withdraw(actor=self.request.user, invitation=self.invitation)


class EndRole(SignedInActionView):
    form_class = Confirm
    template_name = "components/confirm.html"
    submit = gettext_lazy("End the role")
    fresh = True
    done = gettext_lazy("The role has ended.")
    success_url = reverse_lazy("people:people")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            policies.require_manager(request.user)
            self.grant = get_object_or_404(RoleGrant.objects.select_related("user", "granted_by"), pk=kwargs["pk"])
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        role = RoleGrant.Role(self.grant.role).label
        return super().get_context_data(
            **{
                "title": _("End {user}'s role").format(user=self.grant.user),
                "lead": _("They can no longer act in this role from now on. What they did keeps their name."),
                "facts": [
                    (_("Person"), self.grant.user),
                    (_("Role"), role),
                    (_("Where"), subjects.label(self.grant.subject)),
                    (_("Since"), self.grant.since),
                    (_("Given by"), self.grant.granted_by),
                ],
                "cancel_url": reverse("people:people"),
                "danger": True,
                **kwargs,
            }
        )

    def act(self, form: Confirm) -> None:
        roles.end(actor=self.request.user, user=self.grant.user, grant=self.grant)


class ResetFactors(SignedInActionView):
    """For somebody who lost phone, key and recovery codes."""

    form_class = forms.ResetForm
    template_name = "components/confirm.html"
    submit = gettext_lazy("Reset the second factor")
    done = gettext_lazy("The second factor is reset, and they are signed out everywhere.")
    success_url = reverse_lazy("people:people")
    fresh = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            policies.require_manager(request.user)
            self.person = get_object_or_404(User, pk=kwargs["pk"])
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            title=_("Reset the second factor of {person}").format(person=self.person),
            lead=_(
                "Only if they lost it and you are sure that it is them who ask: call them, or meet them. They are told by mail, "
                "signed out everywhere, and set up a new one before they can act again."
            ),
            facts=[(_("Person"), self.person), (_("E-mail address"), self.person.email)],
            cancel_url=reverse("people:people"),
            danger=True,
            **kwargs,
        )

    def act(self, form: forms.ResetForm) -> None:
        factors.reset(actor=self.request.user, user=self.person, reason=form.cleaned_data["reason"])


class AuditLog(SignedIn, TemplateView):
    template_name = "funding/people/audit.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        policies.require_audit(self.request.user)
        hidden = selectors.stepped_back_from(self.request.user)
        form = forms.AuditFilter(self.request.GET, acts=audit_log.acts(hidden=hidden))
        chosen = form.cleaned_data if form.is_valid() else {"outcome": "", "act": ""}
        before = self.request.GET.get("before", "")
        screen = audit_log.screen(
            outcome=chosen.get("outcome", ""),
            act=chosen.get("act", ""),
            before=page_number(before) if before else None,
            hidden=hidden,
        )
        query = self.request.GET.copy()
        query.pop("before", None)
        return super().get_context_data(
            filter=form, screen=screen, query=query.urlencode(), refused=Record.REFUSED, newest=not before, **kwargs
        )


class ProfilePage(SignedIn, TemplateView):
    template_name = "funding/people/profile.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        kinds = [factor.type for factor in factors.listed(user)]
        keys = kinds.count(Authenticator.Type.WEBAUTHN)
        context = {"app": len(kinds) > keys, "keys": keys, "needs_factor": not kinds and factors.needed(user)}
        return super().get_context_data(profile=selectors.profile(user), **context, **kwargs)


class ProfileAction(SignedInActionView):
    """A form page that is reached from the profile and leads back to it."""

    success_url = reverse_lazy("people:profile")
    extra_context = {"cancel_url": reverse_lazy("people:profile")}


class Rename(ProfileAction):
    form_class = forms.ProfileForm
    title = gettext_lazy("Your name")
    lead = gettext_lazy("It appears on work, reviews and decisions. What was published under the old name keeps it.")
    done = gettext_lazy("Your name is changed.")

    def get_initial(self) -> dict[str, Any]:
        return {"name": self.request.user.name, "unnamed": self.request.user.unnamed}

    def act(self, form: forms.ProfileForm) -> None:
        services.rename(actor=self.request.user, **{name: form.cleaned_data[name] for name in ("name", "unnamed")})


class EndSessions(ProfileAction):
    form_class = Confirm
    template_name = "components/confirm.html"
    title = gettext_lazy("Sign out everywhere else")
    lead = gettext_lazy(
        "Every other browser that is signed in with your account is signed out, and your API tokens end. This browser stays."
    )
    submit = gettext_lazy("Sign out everywhere else")
    done = gettext_lazy("Every other browser is signed out, and your API tokens have ended.")

    def act(self, form: Confirm) -> None:
        sessions.sign_out_elsewhere(self.request)


class AddEmployer(ProfileAction):
    form_class = forms.EmployerForm
    template_name = "funding/people/employer_form.html"
    title = gettext_lazy("Where you work")
    lead = gettext_lazy("Name each organisation that pays you. If it is known here, you are listed with it; if not, it is added.")
    submit = gettext_lazy("Add this organisation")
    done = gettext_lazy("Your employer is listed.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(workplaces=services.workplaces(), **kwargs)

    def act(self, form: forms.EmployerForm) -> None:
        services.name_employer(actor=self.request.user, name=form.cleaned_data["name"])


class AddRelation(ProfileAction):
    form_class = forms.RelationForm
    title = gettext_lazy("Declare a relation")
    lead = gettext_lazy(
        "You are then not asked to decide about money that would reach them. If somebody here has this address, now or later, they get a "
        "mail and confirm or contest it. Nobody else is told."
    )
    submit = gettext_lazy("Declare")
    tries = throttle.Limit("relation", 10, dt.timedelta(hours=1))
    done = gettext_lazy("The relation is declared.")

    def act(self, form: forms.RelationForm) -> None:
        data = form.cleaned_data
        services.declare_by_address(actor=self.request.user, address=data["email"], kind=data["kind"], words=data["words"])


class ProfileConfirm(ProfileAction):
    form_class = Confirm
    template_name = "components/confirm.html"
    extra_context = {"cancel_url": reverse_lazy("people:profile"), "danger": True}


class LeaveEmployer(ProfileConfirm):
    title = gettext_lazy("You no longer work there")
    lead = gettext_lazy(
        "It counts for some months more, so that nobody leaves for one decision. What you stepped back from stays closed to you."
    )
    submit = gettext_lazy("I no longer work there")
    done = gettext_lazy("The organisation is taken off your profile.")

    def party(self) -> Party:
        return get_object_or_404(
            Party,
            pk=self.kwargs["pk"],
            memberships__user=self.request.user,
            memberships__role=Membership.Role.EMPLOYEE,
            memberships__until=None,
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(facts=[(_("Organisation"), self.party().name)], **kwargs)

    def act(self, form: Confirm) -> None:
        services.leave_employer(actor=self.request.user, party=self.party())


class WithdrawRelation(ProfileConfirm):
    title = gettext_lazy("This relation is over")
    lead = gettext_lazy("It counts for some months more. What you stepped back from stays closed to you.")
    submit = gettext_lazy("Withdraw the relation")
    done = gettext_lazy("The relation is withdrawn.")

    def relation(self) -> Relation:
        return get_object_or_404(Relation.objects.select_related("other"), user=self.request.user, pk=self.kwargs["pk"], until=None)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(facts=[(_("With"), self.relation().shown)], **kwargs)

    def act(self, form: Confirm) -> None:
        services.withdraw_relation(actor=self.request.user, relation=self.relation())
