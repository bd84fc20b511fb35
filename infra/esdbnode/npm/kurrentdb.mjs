// node kurrentdb.mjs 'kurrentdb://user:secret@host:port?tlsCaFile=…'
import * as api from "@kurrent/kurrentdb-client";
import { check } from "./check.mjs";

const client = api.KurrentDBClient.connectionString(process.argv[2]);
await check({
  client,
  api,
  expecting: (revision) => ({ streamState: revision }),
  reading: (revision) => ({ fromRevision: revision }),
});
