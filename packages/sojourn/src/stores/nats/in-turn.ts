/** Lets what concerns one key happen one after the other, so that changes of one member do not get into each other's way. */
export type InTurn = <T>(key: string, act: () => Promise<T>) => Promise<T>;

export function inTurn(): InTurn {
  const last = new Map<string, Promise<unknown>>();
  return (key, act) => {
    const before = last.get(key);
    const mine = before === undefined ? act() : before.then(act, act);
    last.set(key, mine);
    const leave = (): void => {
      if (last.get(key) === mine) last.delete(key);
    };
    mine.then(leave, leave);
    return mine;
  };
}
