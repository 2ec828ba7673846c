from funding.web.admin import at, inspect
from sponsors.billing.models import CardChange, ForgottenCard, Refusal

STUCK = at("billing:stuck")

inspect(CardChange, "ref sponsorship state card_label created_at trouble", search="ref sponsorship__ref", desk=STUCK, filters="state")
inspect(ForgottenCard, "since next_try_at tries", search="since", desk=STUCK, hidden="payment_method")
inspect(Refusal, "page at", search="page", desk=STUCK, filters="page")
