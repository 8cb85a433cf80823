import { it } from "@effect/vitest"
import { Effect } from "effect"
import { Book, open, until } from "./Book.ts"

it.live("a port that somebody changes is called by the tasks that list what they call, and by those at rest as well", () =>
  Effect.gen(function*() {
    const book = new Book()
    book.write({ id: "kv", address: "10.0.0.1" })
    book.define("web:1", { checked: true })
    const sidecar = book.definitions.get("web:1")?.containerDefinitions?.[1]
    if (sidecar === undefined) throw new Error("no sidecar")
    sidecar.dockerLabels = { "kuma.io/outbounds": "kv" }
    book.write({ id: "web", address: "10.0.0.2", service: "web", revision: "web:1", health: "HEALTHY" })
    const scene = yield* open(book)
    const port = () => scene.dataplane("web")?.spec.networking?.outbound?.[0]?.port
    yield* until("its list has a port", () => scene.isIn("web") && port() !== undefined)
    scene.connect("web")
    yield* until("it is ready", () => scene.state("web") === "Ready")
    // From then on a look at its health shows what is known.
    const looks = () => book.calls.filter(([name, id]) => name === "DescribeTasks" && id === "web").length
    const before = looks()
    yield* until("it is looked at again", () => looks() > before + 1)

    const given = scene.resources.list("OutboundPort").find(({ name }) => name === "kv")
    if (given === undefined) throw new Error("no port")
    scene.resources.put({ ...given, spec: { port: 25_555 } })
    yield* until("it calls the new port", () => port() === 25_555)
    scene.resources.remove(given)
    yield* until("it calls none", () => port() === undefined)
  }).pipe(Effect.scoped), 90_000)
