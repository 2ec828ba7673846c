"""News about money that was found for something.

`need_met` is sent with `need` (a Need that names its fund) once the offer is committed. Whoever wanted the money hears it; a
receiver that fails undoes nothing, because a sweeper asks `needs.offered()` for what the news missed.
"""

from django.dispatch import Signal

need_met = Signal()
