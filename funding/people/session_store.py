"""Sessions in the database, as Django keeps them. That somebody was here again is one statement instead of three.

Django saves a session inside a transaction of its own because it may be a new one. One that is there already is one row that changes,
and a statement is a transaction: what the pages of everybody who is signed in write once a minute begins and ends nothing.
"""

from __future__ import annotations

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError


class SessionStore(db.SessionStore):
    def save(self, must_create: bool = False) -> None:
        """Raises UpdateError when the session was ended meanwhile, as Django's own does."""
        if must_create or self.session_key is None:
            super().save(must_create=must_create)
            return
        row = self.create_model_instance(dict(self.items()))
        kept = {"session_data": row.session_data, "expire_date": row.expire_date}
        if not self.model.objects.filter(session_key=self.session_key).update(**kept):
            raise UpdateError
