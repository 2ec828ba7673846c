"""I10 read backwards: whether whoever acted was free to, by what the rows say stood at that moment. `independence` asks before an act.

It shares nothing with the gate, so that a hole in the gate shows here. It reads ties that were written down before the act and were not
over by then. What rows cannot tell is in docs/ledger.md: ties and memberships that were taken off since, the host's cooling months of
that time, and acts that leave no row but their line in the audit log.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

WHO = {
    "prepared": "who prepared it",
    "benefits": "whom it benefits",
    "employer": "whose employer it benefits",
    "relation": "who has a relation with somebody whom it benefits",
    "recused": "who had stepped back from it",
}
"""Rule → what was wrong with the person who acted, in words that name nobody."""

# `acts` is a statement with these columns: what (a name for the act), actor, at, claims (whether a tie counts that only the other side
# told of), prepared and people (arrays of users), parties (array of parties), subjects (array of what bars name).
# Every join is by something equal, never by dates alone: of many acts and many ties the planner would else make all pairs.
# A person's own party is reached through whoever owns it; a company binds its people, the host's own apart, under every party of its name.
FOUND = """
    WITH acts AS MATERIALIZED (SELECT row_number() OVER () AS id, (at AT TIME ZONE 'UTC')::date AS day, * FROM ({acts}) asked),
    people AS (SELECT id, at, day, unnest(people) AS person FROM acts),
    parties AS (SELECT id, at, unnest(parties) AS party FROM acts),
    owners AS (
        SELECT p.id, m.user_id AS person, y.kind FROM parties p JOIN people_party y ON y.id = p.party
        JOIN people_membership m ON m.party_id = p.party AND m.role = 'owner' AND m.created_at < p.at
    ),
    reached AS (SELECT id, person FROM people UNION SELECT id, person FROM owners WHERE kind = 'person'),
    companies AS (
        SELECT id, lower(name) AS name FROM people_party WHERE kind = 'organisation' AND id NOT IN (SELECT party_id FROM people_host)
    ),
    work AS (
        SELECT m.user_id AS person, c.id AS party, c.name, m.created_at AS since, m.until
        FROM people_membership m JOIN companies c ON c.id = m.party_id
    ),
    gaining AS (
        SELECT p.id, c.name FROM parties p JOIN companies c ON c.id = p.party
        UNION SELECT p.id, w.name FROM people p JOIN work w ON w.person = p.person
            AND w.since < p.at AND (w.until IS NULL OR w.until > p.day)
    ),
    ties AS (SELECT * FROM people_relation WHERE state <> 'dismissed' AND other_id IS NOT NULL),
    found AS (
        SELECT id, 'prepared' AS rule, 1 AS rank FROM acts WHERE actor = ANY (prepared)
        UNION ALL SELECT id, 'benefits', 2 FROM acts WHERE actor = ANY (people)
        UNION ALL SELECT a.id, 'benefits', 2 FROM acts a JOIN owners o ON o.id = a.id AND o.person = a.actor
        UNION ALL SELECT a.id, 'employer', 3 FROM acts a JOIN work w ON w.person = a.actor
            AND w.since < a.at AND (w.until IS NULL OR w.until > a.day) JOIN gaining g ON g.id = a.id AND g.name = w.name
        UNION ALL SELECT a.id, 'relation', 4 FROM acts a JOIN ties t ON t.user_id = a.actor
            AND t.declared_at < a.at AND (t.until IS NULL OR t.until > a.day) JOIN reached r ON r.id = a.id AND r.person = t.other_id
        UNION ALL SELECT a.id, 'relation', 4 FROM acts a JOIN ties t ON t.other_id = a.actor
            AND t.declared_at < a.at AND (t.until IS NULL OR t.until > a.day)
            AND (a.claims OR t.state = 'confirmed' AND t.settled_at < a.at) JOIN reached r ON r.id = a.id AND r.person = t.user_id
        UNION ALL SELECT a.id, 'recused', 5 FROM acts a JOIN people_bar b ON b.user_id = a.actor
            AND b.subject = ANY (a.subjects) AND b.created_at < a.at
    )
    SELECT DISTINCT ON (acts.id) acts.what, found.rule FROM found JOIN acts ON acts.id = found.id ORDER BY acts.id, found.rank
"""


def problems(acts: str) -> Iterator[str]:
    """One sentence for each act that somebody did who was not free to, with the first rule against it. One statement for all of them."""
    with connection.cursor() as cursor:
        cursor.execute(FOUND.format(acts=acts))
        rows = cursor.fetchall()
    for what, rule in rows:
        yield f"{what} is by somebody {WHO[rule]}."


def count(acts: str) -> int:
    """How many acts there are."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({acts}) asked")
        return int(cursor.fetchone()[0])
