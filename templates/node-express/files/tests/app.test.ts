import assert from "node:assert/strict";
import { test } from "node:test";

import { pino } from "pino";
import request from "supertest";

import { app, newState } from "../src/app.js";

const quiet = pino({ level: "silent" });

test("requests and their answers", async () => {
  const client = request(app(quiet, newState()));
  const missing = { error: "there is no such item" };
  const first = { id: 1, name: "first" };
  for (const [method, path, body, status, answer] of [
    ["get", "/healthz", undefined, 200, { status: "ok" }],
    ["get", "/readyz", undefined, 200, { status: "ok" }],
    ["get", "/items", undefined, 200, []],
    ["post", "/items", { name: "  first " }, 201, first],
    ["get", "/items/1", undefined, 200, first],
    ["get", "/items", undefined, 200, [first]],
    ["get", "/items/7", undefined, 404, missing],
    ["get", "/items/seven", undefined, 404, missing],
    ["delete", "/items/1", undefined, 204, {}],
    ["delete", "/items/1", undefined, 404, missing],
    ["get", "/nowhere", undefined, 404, { error: "there is no such path" }],
  ] as const) {
    const seen = await client[method](path).send(body);
    assert.deepEqual([seen.status, seen.body], [status, answer], `${method} ${path}`);
  }
});

test("a bad body is refused", async () => {
  const client = request(app(quiet, newState()));
  const names = ["", "  ", "x".repeat(101), 1];
  for (const body of [undefined, [], {}, { other: "x" }, ...names.map((name) => ({ name }))]) {
    const seen = await client.post("/items").send(body);
    assert.equal(seen.status, 422, JSON.stringify(body));
  }
  const broken = await client.post("/items").type("json").send("{");
  assert.equal(broken.status, 400);
  const large = await client.post("/items").send({ name: "x".repeat(2_000_000) });
  assert.equal(large.status, 413);
});

test("it is not ready while it stops", async () => {
  const state = { ...newState(), stopping: true };
  const client = request(app(quiet, state));
  assert.equal((await client.get("/readyz")).status, 503);
  assert.equal((await client.get("/healthz")).status, 200);
});

test("what goes wrong inside is for the log only", async () => {
  const lines: string[] = [];
  const state = newState();
  state.items.all = () => {
    throw new Error("the secret reason");
  };
  const log = pino({}, { write: (line: string) => lines.push(line) });
  const seen = await request(app(log, state)).get("/items");
  assert.deepEqual([seen.status, seen.body], [500, { error: "something went wrong" }]);
  assert.ok(lines.some((line) => JSON.parse(line).err?.message === "the secret reason"));
});
