import { missingMariadb, startMariadb } from "@sojourn/peers/mariadb";
import { createConnection } from "mysql2/promise";
import { onEngine } from "./on-engine.fixture.ts";

const secret = "s3cret/of#mariadb";

onEngine("MariaDB", missingMariadb(), async () => {
  const mariadb = await startMariadb();
  const root = await createConnection(mariadb.rootUrl);
  await root.query("CREATE USER 'shop'@'%' IDENTIFIED BY ?", [secret]);
  await root.query("GRANT ALL ON sojourn.* TO 'shop'@'%'");
  await root.query("CREATE DATABASE others");
  await root.end();
  const at = (password: string, rest: string): string => `mysql://shop:${encodeURIComponent(password)}@127.0.0.1:${rest}`;
  return {
    url: at(secret, `${mariadb.port}/sojourn`),
    secret,
    refused: [
      [
        "a wrong password",
        at(`${secret}!`, `${mariadb.port}/sojourn`),
        /\(mysql:\/\/shop:\*\*\*@127\.0\.0\.1:\d+\/sojourn\): the store refuses the user or the password/,
      ],
      ["a database that is not there", at(secret, `${mariadb.port}/shop`), /has no database "shop" that this user may use\. Create it/],
      ["somebody else's database", at(secret, `${mariadb.port}/others`), /has no database "others" that this user may use.*grant it/],
      ["nobody there", at(secret, "1/sojourn"), /nobody listens at 127\.0\.0\.1:1\. Start it/],
      ["TLS to one that speaks none", `${at(secret, `${mariadb.port}/sojourn`)}?tls=on`, /does not speak TLS there.*tls=off/],
      ["a prefix that cannot be one", `${at(secret, `${mariadb.port}/sojourn`)}?prefix=A-B`, /prefix/],
    ],
    kill: () => mariadb.kill("SIGKILL"),
    restart: () => mariadb.restart(),
    freeze: () => mariadb.kill("SIGSTOP"),
    thaw: () => mariadb.kill("SIGCONT"),
    stop: () => mariadb.stop(),
  };
});
