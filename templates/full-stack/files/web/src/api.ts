/** One named thing, as the API keeps it. */
export type Item = { id: number; name: string };

/** The example of this project: the items of the API. */
export const items = {
  all: () => ask<Item[]>("/items"),
  add: (name: string) => ask<Item>("/items", { method: "POST", body: JSON.stringify({ name }) }),
  delete: (id: number) => ask<void>(`/items/${id}`, { method: "DELETE" }),
};

/** Asks the API; its error is one that people can read. */
async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`/api${path}`, { ...init, headers, signal: AbortSignal.timeout(10_000) });
  if (answer.status === 204) return undefined as T;
  const body: unknown = await answer.json().catch(() => undefined);
  if (answer.ok) return body as T;
  const { error } = (body ?? {}) as { error?: unknown };
  throw new Error(typeof error === "string" ? error : `the API answers ${answer.status}`);
}
