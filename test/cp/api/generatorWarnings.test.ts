// What a HostnameGenerator's author is told with the answer, as kumactl prints it.
import { afterAll, beforeAll, expect, it } from "vitest"
import { useTestDatabases } from "../store/testDatabases.ts"
import { put, startApi, type TestApi } from "./testApi.ts"

const databases = useTestDatabases()
let api: TestApi
beforeAll(async () => {
  const warnGenerator = ({ template }: { readonly template: string }) =>
    template === "a.mesh" ? ["is kept nowhere"] : []
  api = await startApi(await databases.create(), { warnGenerator })
}, 60_000)
afterAll(() => api?.stop())

it("stands among the warnings of the answer, where there is something", async () => {
  const write = (template: string) =>
    put(`${api.url}/hostnamegenerators/one`, {
      type: "HostnameGenerator", name: "one", spec: { selector: { meshService: {} }, template }
    })
  expect((await write("a.mesh")).json).toEqual({ warnings: ["is kept nowhere"] })
  expect((await write("b.mesh")).json).toEqual({})
})
