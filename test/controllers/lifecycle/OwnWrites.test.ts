import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { OwnWrites } from "../../../src/controllers/lifecycle/OwnWrites.ts"

const key = { type: "Dataplane" as const, mesh: "default", name: "a" }

it.effect("what the operator wrote is its own, however late the store tells of it", () =>
  Effect.gen(function*() {
    const own = yield* OwnWrites
    for (const version of [4, 5, 6]) own.note(key, version)
    assert.deepStrictEqual([4, 5, 6, 6].map((version) => own.isOwn(key, version)), [true, true, true, true])
    assert.deepStrictEqual([3, 7].map((version) => own.isOwn(key, version)), [false, false])
  }).pipe(Effect.provide(OwnWrites.layer)))

it.effect("what it makes is, before the store answers with which version", () =>
  Effect.gen(function*() {
    const own = yield* OwnWrites
    own.note(key, "new")
    assert.isFalse(own.hasSeen(key, 8))
    assert.isTrue(own.isOwn(key, 8))
    own.note(key, 8)
    own.note(key, 9)
    assert.deepStrictEqual([8, 9].map((version) => own.isOwn(key, version)), [true, true])
    assert.deepStrictEqual([7, 10].map((version) => own.isOwn(key, version)), [false, false])
  }).pipe(Effect.provide(OwnWrites.layer)))

it.effect("what somebody else removed and made anew isn't", () =>
  Effect.gen(function*() {
    const own = yield* OwnWrites
    own.note(key, 6)
    own.note(key, 7)
    assert.isTrue(own.isOwn(key, 7))
    assert.isFalse(own.isOwn(key, 8))
  }).pipe(Effect.provide(OwnWrites.layer)))
