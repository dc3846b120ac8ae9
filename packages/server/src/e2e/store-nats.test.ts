import { missing } from "@sojourn/peers/programs";
import { startNats } from "@sojourn/peers/nats";
import { onEngine } from "./on-engine.fixture.ts";

const secret = "s3cret/of#nats";

onEngine("NATS", missing("nats-server", "nats-server"), async () => {
  // Not left in memory when it is killed.
  const config = `authorization {\n  users: [{ user: "shop", password: "${secret}" }]\n}\n`;
  const nats = await startNats({ config, jetstreamConfig: "" });
  const bare = await startNats({ jetstream: false });
  const at = (password: string, port: number): string => `nats://shop:${encodeURIComponent(password)}@127.0.0.1:${port}`;
  return {
    url: at(secret, nats.port),
    secret,
    refused: [
      ["a wrong password", at(`${secret}!`, nats.port), /\(nats:\/\/shop:\*\*\*@127\.0\.0\.1:\d+\): the store refuses the user or the password/],
      ["a token in the place of a password", `nats://s3cret-t0ken@127.0.0.1:${nats.port}`, /\(nats:\/\/\*\*\*@127.*refuses the user or the password/],
      ["nobody there", at(secret, 1), /nobody listens at 127\.0\.0\.1:1\. Start it/],
      ["a server without JetStream", `nats://127.0.0.1:${bare.port}`, /has no JetStream\. Start it with -js/],
      ["TLS to one that speaks none", `${at(secret, nats.port)}?tls=on`, /does not speak TLS there.*tls=off/],
      ["more replicas than servers", `${at(secret, nats.port)}?replicas=3&bucket=three`, /replicas/],
    ],
    kill: () => nats.kill("SIGKILL"),
    restart: () => nats.restart(),
    freeze: () => nats.kill("SIGSTOP"),
    thaw: () => nats.kill("SIGCONT"),
    async stop() {
      await nats.stop();
      await bare.stop();
    },
  };
});
