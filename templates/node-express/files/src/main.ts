/**
 * The program: settings, listening, stopping.
 *
 * `node dist/main.js healthcheck` asks a running one whether it is well, for containers.
 */
import type { AddressInfo } from "node:net";

import { app, newState } from "./app.js";
import { logger } from "./log.js";
import { load, type Settings } from "./settings.js";

function serve(settings: Settings): void {
  const log = logger(settings.LOG_LEVEL);
  const state = newState();
  const server = app(log, state).listen(settings.PORT, settings.HOST, (error) => {
    if (error) {
      log.fatal({ err: error }, "cannot listen");
      process.exitCode = 1;
      return;
    }
    const { address, port } = server.address() as AddressInfo;
    log.info({ address, port }, "listening");
  });

  const stop = (signal: NodeJS.Signals): void => {
    if (state.stopping) return;
    state.stopping = true;
    log.info({ signal }, "stopping");
    // Connections that nobody uses end at once, the others with their request.
    server.close(() => log.info("stopped"));
    const late = setTimeout(() => {
      log.error({ seconds: settings.SHUTDOWN_TIMEOUT }, "requests still ran");
      process.exitCode = 1;
      server.closeAllConnections();
    }, settings.SHUTDOWN_TIMEOUT * 1000);
    late.unref();
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

async function check(settings: Settings): Promise<void> {
  const url = `http://127.0.0.1:${settings.PORT}/healthz`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(2000) });
  if (!answer.ok) throw new Error(`/healthz answers ${answer.status}`);
}

try {
  const settings = load(process.env);
  if (process.argv[2] === "healthcheck") await check(settings);
  else serve(settings);
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
