import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test, vi } from "vitest";

import { App } from "./App";
import type { Item } from "./api";

let kept: Item[];

/** Stands for the API. */
async function answer(path: string, init: RequestInit): Promise<Response> {
  if (init.method === "DELETE") {
    kept = kept.filter((item) => path !== `/api/items/${item.id}`);
    return new Response(null, { status: 204 });
  }
  if (init.method === "POST") {
    const { name } = JSON.parse(String(init.body)) as Item;
    if (name === "") return Response.json({ error: "a name has 1 to 100 characters" }, { status: 422 });
    kept = [...kept, { id: kept.length + 1, name }];
    return Response.json(kept.at(-1), { status: 201 });
  }
  return Response.json(kept);
}

beforeEach(() => {
  kept = [{ id: 1, name: "first" }];
  vi.stubGlobal("fetch", vi.fn(answer));
});

async function items(count: number) {
  const list = within(screen.getByRole("list", { name: "Items" }));
  await vi.waitFor(() => expect(list.queryAllByRole("listitem")).toHaveLength(count));
  return list.queryAllByRole("listitem").map((item) => item.firstChild?.textContent);
}

test("items come and go", async () => {
  const user = userEvent.setup();
  render(<App />);
  expect(await items(1)).toEqual(["first"]);

  await user.type(screen.getByLabelText("Name"), "second{Enter}");
  expect(await items(2)).toEqual(["first", "second"]);

  await user.click(screen.getByRole("button", { name: "Delete first" }));
  expect(await items(1)).toEqual(["second"]);
});

test("what the API refuses is told", async () => {
  const user = userEvent.setup();
  render(<App />);
  await items(1);
  await user.click(screen.getByRole("button", { name: "Add" }));
  expect((await screen.findByRole("alert")).textContent).toBe("a name has 1 to 100 characters");
});

test("an API that is not there is told", async () => {
  vi.stubGlobal("fetch", vi.fn().mockResolvedValue(new Response("", { status: 502 })));
  render(<App />);
  expect((await screen.findByRole("alert")).textContent).toBe("the API answers 502");
});
