import { afterAll, beforeAll, expect, it } from "vitest"
import { Effect } from "effect"
import { Store } from "../../../src/model/Store.ts"
import { insight, kept } from "../inspect/meshOf.ts"
import { useTestDatabases } from "../store/testDatabases.ts"
import { request, startApi, type TestApi } from "./testApi.ts"

const databases = useTestDatabases()
/** Types that were read whole. */
const listed: Array<string> = []
let api: TestApi

beforeAll(async () => {
  api = await startApi(await databases.create(), {
    between: (store) => ({
      ...store,
      list: (type, mesh) => {
        listed.push(type)
        return store.list(type, mesh)
      }
    })
  })
  await api.run(Effect.flatMap(Store, (store) =>
    Effect.forEach(["a", "b", "c"], (name) =>
      Effect.andThen(store.put(kept("Dataplane", name, {}, { labels: { team: name } })), store.put(insight(name))))))
}, 60_000)
afterAll(() => api.stop())

it("of a list the page that is asked for is read, with the insights of that page", async () => {
  listed.length = 0
  const page = await request(`${api.url}/meshes/default/dataplanes?size=1&offset=1`)
  expect(page.json).toMatchObject({ total: 3, items: [{ name: "b" }], next: expect.stringContaining("offset=2") })
  expect((await request(`${api.url}/dataplanes?size=1000&offset=3`)).json).toMatchObject({ total: 3, items: [], next: null })
  const overviews = await request(`${api.url}/meshes/default/dataplanes/_overview?size=2&offset=1`)
  expect(overviews.json).toMatchObject({
    total: 3,
    items: ["b", "c"].map((name) => ({ name, dataplaneInsight: { subscriptions: [{ id: name }] } }))
  })
  expect(listed).toEqual([])
})

it("what is filtered is counted, whole", async () => {
  const chosen = await request(`${api.url}/dataplanes?size=1&filter[labels.team]=c`)
  expect(chosen.json).toMatchObject({ total: 1, items: [{ name: "c" }], next: null })
  expect((await request(`${api.url}/dataplanes/_overview?name=b`)).json).toMatchObject({ total: 1, items: [{ name: "b" }] })
})
