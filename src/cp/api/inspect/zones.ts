/**
 * Zones with what is known of their control planes. That is nothing: no other zone's control plane connects to this
 * one, and it is connected to none.
 */
import { Effect } from "effect"
import type { Resource } from "../../../model/Resource.ts"
import { encodeOverview, NO_INSIGHT } from "../encodeOverview.ts"
import { notFound } from "../Refusal.ts"
import { json, pageOf } from "./answers.ts"
import type { InspectEntry, Question } from "./InspectEntry.ts"

const encode = (zone: Resource<"Zone">) => encodeOverview(zone, null)

const list = ({ inspector: { resources }, request }: Question) => {
  const name = request.query.get("name") ?? ""
  return pageOf(request, resources.list("Zone").filter((zone) => zone.name.includes(name)), encode)
}

const query = ["size", "offset", "name"]

export const zoneEntries: ReadonlyArray<InspectEntry> = [
  { path: "/zones/_overview", summary: "Zones with what is known of their connections", query, answer: list },
  { path: "/zones+insights", summary: "Zones with what is known of their connections", query, answer: list },
  {
    path: "/zone-insights",
    summary: "What a global control plane knows of its zones' connections: there is none here",
    query: ["size", "offset"],
    answer: ({ request }) => pageOf(request, [], encode)
  },
  {
    path: "/zones/{name}/_overview",
    summary: "A zone with what is known of its connection",
    answer: ({ inspector: { resources }, parameter }) => {
      const zone = resources.get({ type: "Zone", mesh: "", name: parameter("name") })
      return zone === undefined
        ? Effect.fail(notFound("Could not retrieve a resource"))
        : Effect.succeed(json(encodeOverview(zone, NO_INSIGHT)))
    }
  }
]
