import { z } from "zod";

/** What a new item is made from. */
export const newItem = z.strictObject({ name: z.string().trim().min(1).max(100) });
export type NewItem = z.infer<typeof newItem>;

/** One named thing. */
export type Item = { id: number; name: string };

/** The example of this project: items that are kept until the program ends. */
export class Items {
  #last = 0;
  readonly #items = new Map<number, Item>();

  all(): Item[] {
    return [...this.#items.values()];
  }

  get(id: number): Item | undefined {
    return this.#items.get(id);
  }

  add({ name }: NewItem): Item {
    this.#last += 1;
    const item = { id: this.#last, name };
    this.#items.set(item.id, item);
    return item;
  }

  delete(id: number): boolean {
    return this.#items.delete(id);
  }
}
