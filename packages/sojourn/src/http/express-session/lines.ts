/**
 * All that is done to one session of a store, in this process: one thing after the other, and nothing after its end. A request that knows the session
 * holds its line, so a line lasts as long as the slowest of them, and a session that was destroyed stays dead for all who may still write to it.
 */
export interface Line {
  /** It was destroyed. Final: an id that is given anew gets a new line. */
  dead: boolean;
  /** The cookie that this process wrote last with it; each time another object. */
  cookie: object | undefined;
  /** Does it when all before it is done. */
  run<T>(job: () => Promise<T>): Promise<T>;
}

/** The lines that somebody holds. */
export interface Lines {
  /** The line of a session; of a dead one the dead line, while somebody holds it. */
  of(sid: string): Line;
  /** For an id that begins a session: the line that lives, else a new one. */
  begin(sid: string): Line;
  /** The session was destroyed, whoever did it. */
  end(sid: string): void;
  endAll(): void;
}

export function linesOf(): Lines {
  // Weak: the requests hold their lines, and a process that has seen a million sessions does not.
  const known = new Map<string, WeakRef<Line>>();
  const gone = new FinalizationRegistry<string>((sid) => {
    if (known.get(sid)?.deref() === undefined) known.delete(sid);
  });

  function add(sid: string): Line {
    const line = newLine();
    known.set(sid, new WeakRef(line));
    gone.register(line, sid);
    return line;
  }

  return {
    of: (sid) => known.get(sid)?.deref() ?? add(sid),
    begin(sid) {
      const line = known.get(sid)?.deref();
      return line === undefined || line.dead ? add(sid) : line;
    },
    end(sid) {
      const line = known.get(sid)?.deref();
      if (line !== undefined) line.dead = true;
    },
    endAll() {
      for (const ref of known.values()) {
        const line = ref.deref();
        if (line !== undefined) line.dead = true;
      }
    },
  };
}

/** A line of one's own. */
export function newLine(): Line {
  let last: Promise<unknown> = Promise.resolve();
  return {
    dead: false,
    cookie: undefined,
    run<T>(job: () => Promise<T>) {
      const done = last.then(job);
      // Who asked for it is told; the next begins all the same.
      last = done.catch(() => undefined);
      return done;
    },
  };
}
