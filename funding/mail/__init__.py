"""The outbox: a mail is written with the fact that it tells, and sent after the commit."""
