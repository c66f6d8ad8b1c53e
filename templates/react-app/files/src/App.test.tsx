import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";

import { App } from "./App";

function items() {
  return within(screen.getByRole("list", { name: "Items" }))
    .queryAllByRole("listitem")
    .map((item) => item.firstChild?.textContent);
}

test("items come, stay and go", async () => {
  const user = userEvent.setup();
  const { unmount } = render(<App />);
  expect(items()).toEqual([]);

  await user.type(screen.getByLabelText("Name"), "first{Enter}");
  await user.type(screen.getByLabelText("Name"), "second");
  await user.click(screen.getByRole("button", { name: "Add" }));
  expect(items()).toEqual(["first", "second"]);

  unmount();
  render(<App />);
  expect(items()).toEqual(["first", "second"]);

  await user.click(screen.getByRole("button", { name: "Delete first" }));
  expect(items()).toEqual(["second"]);
});

test("an empty name is refused, and told", async () => {
  const user = userEvent.setup();
  render(<App />);
  await user.click(screen.getByRole("button", { name: "Add" }));
  expect(screen.getByRole("alert").textContent).toContain("1 to 100 characters");
  expect(items()).toEqual([]);
});
