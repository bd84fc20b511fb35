// What every client must be able to do with a node. A client is given by the few
// things in which the packages differ:
//
//   client                   connected
//   api                      its package
//   expecting(revision)      the option of appendToStream
//   reading(revision)        the option of readStream and subscribeToStream
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

export async function check({ client, api, expecting, reading }) {
  const { jsonEvent, binaryEvent, ANY, NO_STREAM, STREAM_EXISTS, START, END, FORWARDS, BACKWARDS } = api;
  const stream = `case-${randomUUID()}`;
  const said = (n) => jsonEvent({ id: randomUUID(), type: "Said", data: { n, text: "信访" }, metadata: { by: "tester" } });
  const collect = async (read) => {
    const all = [];
    for await (const { event } of read) all.push(event);
    return all;
  };
  const step = async (name, run) => {
    try {
      await run();
    } catch (e) {
      e.message = `${name}: ${e.message}`;
      throw e;
    }
  };
  const first = said(0);

  await step("append to no stream", async () => {
    const r = await client.appendToStream(stream, [first], expecting(NO_STREAM));
    assert.equal(r.success, true);
    assert.equal(r.nextExpectedRevision, 0n);
    assert.ok(r.position.commit > 0n);
  });
  await step("append the same again", async () => {
    const r = await client.appendToStream(stream, [first], expecting(NO_STREAM));
    assert.equal(r.nextExpectedRevision, 0n);
  });
  await step("append at a revision", async () => {
    const r = await client.appendToStream(stream, [said(1), said(2)], expecting(0n));
    assert.equal(r.nextExpectedRevision, 2n);
  });
  await step("append at any revision", async () => {
    const r = await client.appendToStream(stream, binaryEvent({ type: "Drawn", data: Buffer.from([0xff, 0, 1]) }), expecting(ANY));
    assert.equal(r.nextExpectedRevision, 3n);
  });
  await step("append to what exists", async () => {
    const r = await client.appendToStream(stream, said(4), expecting(STREAM_EXISTS));
    assert.equal(r.nextExpectedRevision, 4n);
  });
  await step("append at a wrong revision", async () => {
    await assert.rejects(client.appendToStream(stream, said(9), expecting(1n)), (e) => {
      assert.ok(e instanceof api.WrongExpectedVersionError, `${e}`);
      assert.equal(e.actualVersion ?? e.actualState, 4n);
      assert.equal(e.expectedVersion ?? e.expectedState, 1n);
      return true;
    });
  });
  await step("append to what does not exist", async () => {
    await assert.rejects(client.appendToStream(`case-${randomUUID()}`, said(9), expecting(STREAM_EXISTS)), api.WrongExpectedVersionError);
  });
  await step("append too much", async () => {
    const big = binaryEvent({ type: "Drawn", data: Buffer.alloc(2 << 20) });
    await assert.rejects(client.appendToStream(`case-${randomUUID()}`, big, expecting(NO_STREAM)), api.MaxAppendSizeExceededError);
  });
  await step("append to a name that is none", async () => {
    await assert.rejects(client.appendToStream("visits", said(9), expecting(ANY)), /category-uuid/);
  });
  await step("append many at the same time", async () => {
    const names = Array.from({ length: 50 }, () => `case-${randomUUID()}`);
    const all = await Promise.all(names.map((name) => client.appendToStream(name, [said(0), said(1)], expecting(NO_STREAM))));
    assert.ok(all.every((r) => r.nextExpectedRevision === 1n));
    assert.equal(new Set(all.map((r) => r.position.commit)).size, names.length);
  });

  await step("read forwards", async () => {
    const all = await collect(client.readStream(stream, { direction: FORWARDS, ...reading(START) }));
    assert.deepEqual(all.map((e) => e.revision), [0n, 1n, 2n, 3n, 4n]);
    assert.equal(all[0].id, first.id);
    assert.equal(all[0].type, "Said");
    assert.equal(all[0].streamId, stream);
    assert.deepEqual(all[0].data, first.data);
    assert.deepEqual(all[0].metadata, first.metadata);
    assert.equal(all[0].isJson, true);
    assert.ok(all[0].created instanceof Date && all[0].created.getFullYear() === 2026, `${all[0].created}`);
    assert.equal(all[3].isJson, false);
    assert.deepEqual([...all[3].data], [0xff, 0, 1]);
  });
  await step("read a part", async () => {
    const some = await collect(client.readStream(stream, { direction: FORWARDS, ...reading(1n), maxCount: 2 }));
    assert.deepEqual(some.map((e) => e.revision), [1n, 2n]);
  });
  await step("read backwards", async () => {
    const all = await collect(client.readStream(stream, { direction: BACKWARDS, ...reading(END), maxCount: 3 }));
    assert.deepEqual(all.map((e) => e.revision), [4n, 3n, 2n]);
  });
  await step("read no stream", async () => {
    await assert.rejects(collect(client.readStream(`case-${randomUUID()}`)), api.StreamNotFoundError);
  });
  await step("read $all", async () => {
    const all = await collect(client.readAll({ direction: FORWARDS, fromPosition: START, maxCount: 1000 }));
    assert.deepEqual(all.filter((e) => e.streamId === stream).map((e) => e.revision), [0n, 1n, 2n, 3n, 4n]);
    const rest = await collect(client.readAll({ direction: FORWARDS, fromPosition: all[2].position, maxCount: 1000 }));
    assert.deepEqual(rest.map((e) => e.id), all.slice(2).map((e) => e.id));
    const back = await collect(client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1000 }));
    assert.deepEqual(back.map((e) => e.id), all.map((e) => e.id).reverse());
  });

  // live returns what a subscription brings until enough has come, and appends
  // once it has caught up.
  const live = (subscription, enough, append) =>
    new Promise((resolve, reject) => {
      const got = [];
      subscription.on("error", reject);
      subscription.on("caughtUp", () => append().catch(reject));
      subscription.on("data", ({ event }) => {
        got.push(event);
        if (enough(got)) subscription.unsubscribe().then(() => resolve(got), reject);
      });
    });
  await step("subscribe to a stream", async () => {
    const sub = client.subscribeToStream(stream, reading(2n));
    const got = await live(sub, (got) => got.length === 3, () => client.appendToStream(stream, said(5), expecting(4n)));
    assert.deepEqual(got.map((e) => e.revision), [3n, 4n, 5n]);
  });
  await step("subscribe to $all", async () => {
    const sub = client.subscribeToAll({ fromPosition: START });
    const last = said(6);
    const got = await live(sub, (got) => got.at(-1).id === last.id, () => client.appendToStream(stream, last, expecting(5n)));
    assert.deepEqual(got.filter((e) => e.streamId === stream).map((e) => e.revision), [0n, 1n, 2n, 3n, 4n, 5n, 6n]);
  });
  await step("subscribe to $all with a filter", async () => {
    const checkpoints = [];
    const filter = api.streamNameFilter({
      prefixes: [stream],
      checkpointInterval: 1,
      maxSearchWindow: 10,
      checkpointReached: (_, position) => checkpoints.push(position),
    });
    const sub = client.subscribeToAll({ fromPosition: START, filter });
    const last = said(7);
    const got = await live(sub, (got) => got.at(-1).id === last.id, () => client.appendToStream(stream, last, expecting(6n)));
    assert.ok(got.every((e) => e.streamId === stream));
    assert.equal(got.length, 8);
    assert.ok(checkpoints.length > 0, "no checkpoint");
  });

  await step("delete", async () => {
    await assert.rejects(client.deleteStream(stream), api.AccessDeniedError);
  });
  await step("tombstone", async () => {
    await assert.rejects(client.tombstoneStream(stream), api.AccessDeniedError);
  });
  await step("truncate", async () => {
    await assert.rejects(client.setStreamMetadata(stream, { maxCount: 1 }), api.AccessDeniedError);
  });
  await step("afterwards", async () => {
    const all = await collect(client.readStream(stream));
    assert.equal(all.length, 8);
  });
  await client.dispose();
}
