/** Something that the shop sells. */
export interface Good {
  readonly sku: string;
  readonly name: string;
  readonly about: string;
  /** Cents. */
  readonly price: number;
  /** Of a line drawing, 24 by 24. */
  readonly drawing: string;
}

export const goods: readonly Good[] = [
  {
    sku: "tea",
    name: "Mountain tea",
    about: "Forty bags, for long evenings.",
    price: 650,
    drawing: "M4 9h12v6a5 5 0 0 1-5 5H9a5 5 0 0 1-5-5V9Zm12 1h2a2.5 2.5 0 0 1 0 5h-2M8 3v3M12 3v3",
  },
  { sku: "blanket", name: "Wool blanket", about: "Warm, grey, two metres.", price: 7900, drawing: "M4 5h16v14H4ZM4 9h16M4 15h16M8 19v2M12 19v2M16 19v2" },
  { sku: "lantern", name: "Lantern", about: "Burns the night through.", price: 3450, drawing: "M9 6h6M8 9h8l1 9H7l1-9ZM6 21h12M10 6a2 2 0 1 1 4 0M12 12v3" },
  { sku: "map", name: "Walking map", about: "All paths, one to 25,000.", price: 1290, drawing: "M3 6l6-2 6 2 6-2v14l-6 2-6-2-6 2ZM9 4v14M15 6v14" },
  { sku: "notebook", name: "Notebook", about: "Squared, 120 leaves.", price: 980, drawing: "M6 3h12v18H6ZM9 3v18M12 8h3M12 12h3" },
  {
    sku: "key",
    name: "Key ring",
    about: "Brass. Never lose a room.",
    price: 1500,
    drawing: "M7.5 15.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM11 12h10v3M17 12v3",
  },
];

export function goodOf(sku: string | null): Good | undefined {
  return goods.find((good) => good.sku === sku);
}

export function priceText(cents: number): string {
  return `€ ${(cents / 100).toFixed(2)}`;
}
