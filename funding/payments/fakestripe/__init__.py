"""A stand-in for Stripe's servers: a separate process with its own database, reached over HTTP like Stripe itself.

It speaks the part of the API that Daybook calls and no more. It imports nothing of the site and the site imports
nothing of it, so that neither can lean on the other's view of Stripe. No money moves. What it cannot vouch for is
listed in docs/payments.md.
"""

API_VERSION = "2026-10-28.endive"
