from funding.mail.models import Message, Probe
from funding.web.admin import at, inspect

inspect(
    Message, "created_at kind to subject state attempts", search="to subject key", desk=at("recovery:waiting"), hidden="body",
    filters="state kind", closed_by="about",
)  # fmt: skip
inspect(Probe, "message asked_by confirmed_at", search="message__to", desk=at("setup:mail"), hidden="code")
