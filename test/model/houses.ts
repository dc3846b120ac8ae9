const second = 1_000;
const minute = 60 * second;

/** The settings of one process; durations in ms. */
export interface House {
  readonly idle: number;
  readonly absolute: number;
  readonly touch: number;
  readonly retention: number;
  readonly every: number;
  readonly grace: number;
  readonly floorLag: number;
  readonly perSubject?: number;
  readonly total?: number;
  readonly whenFull?: "end-oldest" | "refuse";
}

const plain: House = {
  idle: 30 * minute,
  absolute: 120 * minute,
  touch: 3 * minute,
  retention: 60 * minute,
  every: 20 * minute,
  grace: 30 * second,
  floorLag: second,
};
const short: House = { ...plain, idle: 10 * minute, absolute: 45 * minute, touch: minute, retention: 10 * minute, every: 5 * minute, grace: 10 * second };
const oldest: House = { ...plain, perSubject: 2, whenFull: "end-oldest" };
const refusing: House = { ...plain, perSubject: 1, total: 4, whenFull: "refuse" };
const few: House = { ...short, total: 3, whenFull: "end-oldest" };

/** Two processes on one store, of one mind or not. */
export const houses: readonly (readonly [House, House])[] = [
  [plain, plain],
  [plain, short],
  [oldest, oldest],
  [oldest, few],
  [refusing, oldest],
  [refusing, refusing],
  [few, plain],
];
