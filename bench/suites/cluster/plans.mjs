/** How much is measured of what is not a server. Slots in ms. `seconds` are for the estimate only. */
export const whole = {
  commits: { processes: 3, rounds: 7, slot: 250 },
  replica: { processes: 3, sessions: 20_000, rounds: 7, slot: 100 },
  bytes: { redis: 100_000, postgres: 50_000, mariadb: 50_000, nats: 50_000, file: 5_000 },
  staleness: { changes: 1_000 },
  seconds: { commits: 150, replica: 60, commands: 60, bytes: 300, staleness: 60 },
};

/** A smoke test. @type {typeof whole} */
export const smoke = {
  commits: { processes: 1, rounds: 1, slot: 50 },
  replica: { processes: 1, sessions: 500, rounds: 1, slot: 10 },
  bytes: { redis: 1_000, postgres: 500, mariadb: 500, nats: 500, file: 100 },
  staleness: { changes: 20 },
  seconds: { commits: 5, replica: 2, commands: 12, bytes: 10, staleness: 5 },
};
