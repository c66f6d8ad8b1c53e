import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";

test("it answers until it is told to stop", { timeout: 30_000 }, async () => {
  const env = { ...process.env, PORT: "0", HOST: "127.0.0.1", LOG_LEVEL: "info" };
  const server = spawn(process.execPath, ["--import", "tsx", "src/main.ts"], { env });
  try {
    const said: string[] = [];
    let port = 0;
    for await (const text of createInterface(server.stdout)) {
      const line = JSON.parse(text);
      said.push(line.msg);
      if (line.msg === "listening") {
        port = line.port;
        const answer = await fetch(`http://127.0.0.1:${port}/healthz`);
        assert.equal(answer.status, 200);
        server.kill("SIGTERM");
      }
    }
    if (server.exitCode === null) await once(server, "exit");
    assert.deepEqual([server.exitCode, said], [0, ["listening", "stopping", "stopped"]]);
    await assert.rejects(fetch(`http://127.0.0.1:${port}/healthz`));
  } finally {
    server.kill("SIGKILL");
  }
});
