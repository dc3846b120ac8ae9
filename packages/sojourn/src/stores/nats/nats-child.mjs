// A process of its own for the tests of the NATS store. Does what it is asked; servers and options are its argument.
import { writeSync } from "node:fs";
import { jetstream } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { natsStore } from "sojourn/stores/nats";
import { runStoreJob } from "sojourn/testing";
import { answering } from "../answering.mjs";

const { servers, options } = JSON.parse(process.argv[2]);
const connection = await connect({ servers, reconnectTimeWait: 100, maxReconnectAttempts: -1 });
const js = jetstream(connection);
const before = { publish: (_subject) => undefined };
// The real client; only that one can act before it publishes.
const watched = new Proxy(js, {
  get(target, name) {
    if (name === "publish") return (subject, ...rest) => [before.publish(subject), target.publish(subject, ...rest)][1];
    const value = Reflect.get(target, name, target);
    return typeof value === "function" ? value.bind(target) : value;
  },
});
const store = await natsStore({ connection, jetstream: watched }, { timeout: 15_000, ...options });

const commands = {
  job: ({ job, params }) => runStoreJob(store, job, params),
  commit: (change) => store.commit(change),
  /** The record, and whether the answer came without a promise. */
  load(id) {
    const answer = store.load(id);
    return answer instanceof Promise ? answer.then((record) => ({ record, at: "leader" })) : { record: answer, at: "replica" };
  },
  /** Stops this process; the answer is of before it has read anything from its sockets when it goes on. */
  async stopThenLoad(id) {
    let last = performance.now();
    process.kill(process.pid, "SIGSTOP");
    // It may go on for a moment.
    for (let now = performance.now(); now - last < 3_000; now = performance.now()) last = now;
    await undefined;
    return commands.load(id);
  },
  /** Is killed when its reservations are made and its session is about to be written. */
  dieBeforeCommit(change) {
    before.publish = (subject) => subject.includes(".s.") && process.kill(process.pid, "SIGKILL");
    return store.commit(change);
  },
  /** Sleeps when its reservations are made and its session is about to be written, and says so on standard output. */
  sleepBeforeCommit(change) {
    before.publish = (subject) => {
      if (!subject.includes(".s.")) return;
      before.publish = () => undefined;
      writeSync(1, "asleep\n");
      process.kill(process.pid, "SIGSTOP");
    };
    return store.commit(change);
  },
};

answering(commands);
