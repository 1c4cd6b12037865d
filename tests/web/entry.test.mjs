// What a page shows of a verb's answer (web/lib/entry.js).
import assert from "node:assert/strict";
import { test } from "node:test";
import { Entry } from "../../web/lib/entry.js";

/** An entry whose questions are answered by hand, in their order, and what a page was shown of it. */
function watched() {
  const questions = [];
  const shown = [];
  const entry = new Entry(
    "settings",
    () =>
      new Promise((resolve, reject) => {
        questions.push({ resolve, reject });
      }),
    () => false,
  );
  entry.watch(({ data, error }) => shown.push(error?.message ?? data), 0, ["setting"]);
  return { entry, questions, shown };
}

test("who asks while an older question is under way is answered by a newer one", async () => {
  const { entry, questions, shown } = watched();
  const asked = [entry.refresh(), entry.refresh()];
  assert.equal(questions.length, 1, "one question at a time");
  questions[0].resolve("before the change");
  await new Promise(setImmediate);
  assert.equal(questions.length, 2, "one more for both");
  questions[1].resolve("after the change");
  await Promise.all(asked);
  assert.deepEqual(shown, ["before the change", "after the change"]);
});

test("several who begin to watch at once share one question", async () => {
  const { entry, questions } = watched();
  entry.watch(() => {}, 0, []);
  questions[0].resolve("the answer");
  await new Promise(setImmediate);
  assert.equal(questions.length, 1);
  assert.equal(entry.state.data, "the answer");
});

test("a question that fails leaves what was known, and the next one is asked all the same", async () => {
  const { entry, questions, shown } = watched();
  questions[0].resolve("known");
  await new Promise(setImmediate);
  const first = entry.refresh();
  const second = entry.refresh();
  questions[1].reject(new Error("the node cannot be reached"));
  await first;
  assert.equal(entry.state.data, "known");
  questions[2].resolve("known again");
  await second;
  assert.deepEqual(shown, ["known", "the node cannot be reached", "known again"]);
});
