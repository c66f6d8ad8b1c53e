"""Takes note ids from the redis list `jobs` and marks the notes done."""

import os
import signal
import threading

import psycopg
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

DATABASE_URL = os.environ["DATABASE_URL"]

# No retries inside the client: the loops below do them and can be stopped.
queue = Redis.from_url(
    os.environ["REDIS_URL"],
    socket_connect_timeout=1,
    socket_timeout=5,
    retry=Retry(NoBackoff(), 0),
)

# A flag instead of an exception: a stop never falls between taking an id and
# marking its note.
stop = threading.Event()
for name in (signal.SIGTERM, signal.SIGINT):
    signal.signal(name, lambda *_: stop.set())


def log(text):
    print(text, flush=True)  # a pipe is block-buffered otherwise


def retry(action):
    """Runs action until it works; returns None if told to stop before that."""
    while not stop.is_set():
        try:
            return action()
        except (RedisError, psycopg.OperationalError) as error:
            reason = str(error).partition("\n")[0]  # libpq adds lines of advice
            log(f"worker: waiting, {type(error).__name__}: {reason}")
            stop.wait(1)


def mark_done(note_id):
    with psycopg.connect(DATABASE_URL, connect_timeout=2) as db:
        db.execute("update notes set done = true where id = %s", (note_id,))
    log(f"worker: note {note_id} done")
    return True


if retry(queue.ping):
    log("worker ready")

while not stop.is_set():
    # One second at most, so that the flag is looked at once a second.
    job = retry(lambda: queue.blpop("jobs", timeout=1))
    if job is None:
        continue
    note_id = int(job[1])
    if not retry(lambda: mark_done(note_id)):
        # Stopped while postgres was away: the next worker gets this one.
        queue.lpush("jobs", note_id)

log("worker: stopped")
