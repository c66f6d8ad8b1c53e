/** One named thing. */
export type Item = { id: number; name: string };

const KEY = "items";

/** The example of this project: items that are kept in the browser. */
export function load(): Item[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isItem) : [];
  } catch {
    // What cannot be read is as good as nothing.
    return [];
  }
}

export function save(items: Item[]): void {
  localStorage.setItem(KEY, JSON.stringify(items));
}

/** The items and a new one; undefined if the name cannot be one. */
export function add(items: Item[], name: string): Item[] | undefined {
  const trimmed = name.trim();
  if (trimmed === "" || trimmed.length > 100) return undefined;
  const id = Math.max(0, ...items.map((item) => item.id)) + 1;
  return [...items, { id, name: trimmed }];
}

export function remove(items: Item[], id: number): Item[] {
  return items.filter((item) => item.id !== id);
}

function isItem(value: unknown): value is Item {
  const { id, name } = (value ?? {}) as Partial<Item>;
  return typeof id === "number" && typeof name === "string";
}
