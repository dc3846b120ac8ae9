/** Where a manager takes the time from: epoch ms. Tests give one that stands still. */
export interface Clock {
  now(): number;
}
