import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, percent, span, stateLine } from "./format";
import { Speed } from "./uploads/speed";

const film = { state: "preparing", progress: { done: 3, total: 40, eta_seconds: 130, queue_place: 0 }, error: null };

test("sizes are decimal, with one digit where it tells something", () => {
  assert.deepEqual([0, 999, 1000, 1_430_000_000, 14_300_000_000].map(bytes), ["0 B", "999 B", "1 kB", "1.4 GB", "14 GB"]);
});

test("a size just below a unit is written in the next one", () => {
  assert.equal(bytes(999_999), "1.0 MB");
});

test("spans are as exact as an estimate deserves", () => {
  assert.deepEqual([0.2, 20, 59.9, 125, 3600, 3900].map(span), ["1 s", "20 s", "1 min", "2 min", "1 h", "1 h 5 min"]);
});

test("a hundred per cent means all of it", () => {
  assert.deepEqual([percent(9_999, 10_000), percent(1, 1), percent(0, 0)], ["99 %", "100 %", "0 %"]);
});

test("a film that is being prepared says how far it is and how long it takes", () => {
  assert.equal(stateLine(film), "Preparing 3 of 40 · about 2 min left");
});

test("a film that waits says how many pieces of other films come first", () => {
  const waiting = { ...film, progress: { ...film.progress, queue_place: 7 } };
  assert.equal(stateLine(waiting), "Preparing 3 of 40 · 7 pieces of other films first · about 2 min left");
  assert.match(stateLine({ ...film, progress: { ...film.progress, queue_place: 1 } }), / · 1 piece of other films first · /);
});

test("no time is promised before there is an estimate", () => {
  assert.equal(stateLine({ ...film, progress: { done: 0, total: 40, eta_seconds: null, queue_place: null } }), "Preparing 0 of 40");
});

test("a film without a plan is still being checked", () => {
  assert.equal(stateLine({ ...film, progress: { done: 0, total: 0, eta_seconds: null, queue_place: null } }), "Checking the file");
});

test("a failed film gives the server's reason", () => {
  assert.equal(stateLine({ ...film, state: "failed", error: { message: "No picture." } }), "No picture.");
});

test("a steady upload shows its own speed, and a pause makes it unknown", () => {
  const speed = new Speed();
  for (let second = 0; second <= 5; second += 1) speed.note(second * 1_000_000, second * 1000);
  assert.equal(Math.round(speed.perSecond), 1_000_000);
  speed.reset();
  assert.equal(speed.perSecond, 0);
});

test("a speed that changes is followed within seconds and without jumping", () => {
  const speed = new Speed();
  speed.note(0, 0);
  speed.note(1_000_000, 1000);
  speed.note(11_000_000, 2000);
  assert.ok(speed.perSecond > 1_000_000 && speed.perSecond < 10_000_000);
});
