"""The API: notes in postgres, one job per new note in redis."""

import asyncio
import os

import psycopg
from fastapi import Body, FastAPI, Request
from fastapi.responses import JSONResponse
from psycopg.rows import dict_row
from redis.asyncio import Redis
from redis.exceptions import RedisError

DATABASE_URL = os.environ["DATABASE_URL"]
REDIS_URL = os.environ["REDIS_URL"]

app = FastAPI()


# Connections are opened per request: nothing is left to repair when postgres
# or redis was away, and a demo does not need the speed of a pool.
async def database():
    return await psycopg.AsyncConnection.connect(
        DATABASE_URL, connect_timeout=2, row_factory=dict_row
    )


def queue():
    return Redis.from_url(REDIS_URL, socket_connect_timeout=1, socket_timeout=1)


async def ask_postgres():
    async with await database() as db:
        await db.execute("select 1")


async def ask_redis():
    async with queue() as redis:
        await redis.ping()


@app.get("/healthz")
async def healthz():
    return {"alive": True}


@app.get("/readyz")
async def readyz():
    asked = {"postgres": ask_postgres(), "redis": ask_redis()}
    # The limit is set here because libpq rounds a connect_timeout of 1 up to 2,
    # and because it has to hold for a server that accepts but never replies.
    limited = [asyncio.wait_for(ask, 1) for ask in asked.values()]
    answers = await asyncio.gather(*limited, return_exceptions=True)
    missing = [n for n, a in zip(asked, answers) if isinstance(a, Exception)]
    return JSONResponse({"missing": missing}, status_code=503 if missing else 200)


@app.get("/api/notes")
async def list_notes():
    async with await database() as db:
        rows = await db.execute("select id, text, done from notes order by id")
        return await rows.fetchall()


@app.post("/api/notes", status_code=201)
# Not empty, and no NUL: postgres has no text with one.
async def add_note(text: str = Body(embed=True, max_length=1000, pattern=r"^[^\x00]+$")):
    sql = "insert into notes (text) values (%s) returning id, text, done"
    async with queue() as redis:
        # Asked first, because a note without its job would never be done.
        await redis.ping()
        async with await database() as db:
            row = await (await db.execute(sql, (text,))).fetchone()
        # After the commit, or the worker could look for a row not yet there.
        await redis.rpush("jobs", row["id"])
    return row


@app.exception_handler(psycopg.OperationalError)
@app.exception_handler(RedisError)
async def unavailable(request: Request, error: Exception):
    return JSONResponse({"detail": str(error)}, status_code=503)
