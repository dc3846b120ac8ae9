/** Under construction: the shape that adapters see. */
export declare class Session<Data> {
  readonly id: string | undefined;
  readonly exists: boolean;
  get<K extends keyof Data & string>(key: K): Data[K] | undefined;
  set<K extends keyof Data & string>(key: K, value: Data[K]): void;
}
