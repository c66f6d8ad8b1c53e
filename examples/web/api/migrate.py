"""One-shot: brings the database to the shape the API expects, then exits 0."""

import os

import psycopg

STEPS = (
    """create table if not exists notes (
        id bigint generated always as identity primary key,
        text text not null
    )""",
    "alter table notes add column if not exists done boolean not null default false",
    """insert into notes (text)
        select 'hello from postgres' where not exists (select from notes)""",
)

# One transaction: a failure leaves nothing half done, and its traceback and
# exit code 1 tell the supervisor.
with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5) as db:
    # Two migrations at once would collide in "create table if not exists".
    db.execute("select pg_advisory_xact_lock(1)")
    for step in STEPS:
        db.execute(step)

print("migrate: done")
