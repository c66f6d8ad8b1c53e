import express, { type ErrorRequestHandler, type Express, type RequestHandler } from "express";
import helmet from "helmet";
import { z } from "zod";

import { Items, newItem } from "./items.js";
import type { Logger } from "./log.js";

/** What the routes share. */
export type State = { items: Items; stopping: boolean };

export function newState(): State {
  return { items: new Items(), stopping: false };
}

/** All routes, and what wraps them. */
export function app(log: Logger, state: State): Express {
  const app = express();
  app.use(helmet());

  // Probes ask every few seconds: they are not logged.
  app.get("/healthz", (_, response) => {
    response.json({ status: "ok" });
  });
  app.get("/readyz", (_, response) => {
    if (state.stopping) response.status(503).json({ error: "it is stopping" });
    else response.json({ status: "ok" });
  });

  app.use(logged(log));
  app.use(express.json({ limit: "1mb" }));
  app.use("/items", items(state.items));
  app.use((_, response) => {
    response.status(404).json({ error: "there is no such path" });
  });
  app.use(failed(log));
  return app;
}

function items(kept: Items): express.Router {
  const router = express.Router();
  const missing = { error: "there is no such item" };

  router.get("/", (_, response) => {
    response.json(kept.all());
  });
  router.post("/", (request, response) => {
    const body = newItem.safeParse(request.body);
    if (!body.success) {
      response.status(422).json({ error: z.prettifyError(body.error) });
      return;
    }
    const item = kept.add(body.data);
    response.status(201).location(`/items/${item.id}`).json(item);
  });
  router.get("/:id", (request, response) => {
    const item = kept.get(Number(request.params.id));
    if (item) response.json(item);
    else response.status(404).json(missing);
  });
  router.delete("/:id", (request, response) => {
    if (kept.delete(Number(request.params.id))) response.status(204).end();
    else response.status(404).json(missing);
  });
  return router;
}

function logged(log: Logger): RequestHandler {
  return (request, response, next) => {
    const start = performance.now();
    const { method, path } = request;
    response.on("finish", () => {
      const took = Math.round(performance.now() - start) / 1000;
      log.info({ method, path, status: response.statusCode, took }, "request");
    });
    next();
  };
}

/** What a client did wrong is told; what went wrong inside is for the log only. */
function failed(log: Logger): ErrorRequestHandler {
  return (error, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const status = z.int().min(400).max(499).safeParse(error?.status);
    if (status.success) {
      response.status(status.data).json({ error: String(error.message) });
      return;
    }
    log.error({ err: error, path: request.path }, "request failed");
    response.status(500).json({ error: "something went wrong" });
  };
}
