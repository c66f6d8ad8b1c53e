import { expect, test } from "vitest";

import { add, load, remove, save } from "./items";

test("a new item gets an id of its own", () => {
  const items = add([{ id: 7, name: "seventh" }], "  next ");
  expect(items).toEqual([
    { id: 7, name: "seventh" },
    { id: 8, name: "next" },
  ]);
});

test.each(["", "  ", "x".repeat(101)])("the name %j cannot be one", (name) => {
  expect(add([], name)).toBeUndefined();
});

test("what is saved is loaded", () => {
  save([{ id: 1, name: "first" }]);
  expect(load()).toEqual([{ id: 1, name: "first" }]);
  expect(remove(load(), 1)).toEqual([]);
});

test.each(["{", "{}", '[null, 1, {"id": "1"}]'])("%s in the browser is as good as nothing", (text) => {
  localStorage.setItem("items", text);
  expect(load()).toEqual([]);
});
