// node eventstore.mjs 'esdb://user:secret@host:port?tlsCaFile=…'
import * as api from "@eventstore/db-client";
import { check } from "./check.mjs";

const client = api.EventStoreDBClient.connectionString(process.argv[2]);
await check({
  client,
  api,
  expecting: (revision) => ({ expectedRevision: revision }),
  reading: (revision) => ({ fromRevision: revision }),
});
