/** Which policies are about a proxy, and which proxies a policy is about. */
import { Effect } from "effect"
import { dataplanesOf, matchedPolicies, type MatchedType } from "../../inspect/matchedPolicies.ts"
import type { MeshView } from "../../snapshot/MeshView.ts"
import { selects } from "../../snapshot/selectMembers.ts"
import { encodeResource } from "../../../model/encodeResource.ts"
import { policiesOf, type Policy, type PolicyType, policyTypes } from "../../../model/policies.ts"
import type { Resource } from "../../../model/Resource.ts"
import { descriptors } from "../../../model/ResourceDescriptor.ts"
import { notFound, type Refusal } from "../Refusal.ts"
import { encodeMeta, json, newerPageOf, requireView } from "./answers.ts"
import type { InspectEntry, Question } from "./InspectEntry.ts"

/** `title`: of the refusal where there is no such proxy. */
export const requireDataplane = (
  view: MeshView,
  { parameter }: Question,
  title: string
): Effect.Effect<Resource<"Dataplane">, Refusal> => {
  const dataplane = view.dataplanes.get(parameter("name"))
  return dataplane === undefined ? Effect.fail(notFound(title)) : Effect.succeed(dataplane)
}

const encodeShort = (policy: Policy) => {
  const { creationTime, kri, labels, mesh, modificationTime, name, type } = encodeResource(policy)
  return { type, mesh, name, creationTime, modificationTime, labels, kri }
}

const encodeMatched = (matched: ReadonlyArray<MatchedType>) => ({
  kind: "SidecarDataplane",
  total: matched.length === 0 ? 0 : 1,
  items: matched.length === 0 ? [] : [{
    type: "dataplane",
    matchedPolicies: Object.fromEntries(
      [...matched].sort((a, b) => (a.type < b.type ? -1 : 1)).map(({ policies, type }) =>
        [type, policies.map(encodeShort)] as const)
    )
  }]
})

const requirePolicy = (
  view: MeshView,
  type: PolicyType,
  { parameter }: Question
): Effect.Effect<Policy, Refusal> => {
  const list: ReadonlyArray<Policy> = policiesOf(view.policies, type)
  const policy = list.find(({ name }) => name === parameter("name"))
  return policy === undefined ? Effect.fail(notFound("Could not retrieve policy")) : Effect.succeed(policy)
}

const dataplanesOfPolicy = (type: PolicyType, evenShadow: boolean) => (question: Question) =>
  Effect.gen(function*() {
    const view = yield* requireView(question)
    const policy = yield* requirePolicy(view, type, question)
    return dataplanesOf(view.policies, policy, view.dataplanes.values(), evenShadow)
  })

const entriesOf = (type: PolicyType): ReadonlyArray<InspectEntry> => {
  const [collection] = descriptors[type].paths
  const older = dataplanesOfPolicy(type, false)
  const newer = dataplanesOfPolicy(type, true)
  return [
    {
      path: `/meshes/{mesh}/${collection}/{name}/dataplanes`,
      summary: `The proxies that a ${type} is in force for`,
      answer: (question) =>
        Effect.map(older(question), (dataplanes) =>
          json({
            total: dataplanes.length,
            items: dataplanes.map(({ mesh, name }) => ({
              kind: "SidecarDataplane",
              dataplane: { mesh, name },
              attachments: [{ type: "dataplane" }]
            }))
          }))
    },
    {
      path: `/meshes/{mesh}/${collection}/{name}/_resources/dataplanes`,
      summary: `The proxies that a ${type} is about, also where it only shows what it would do`,
      query: ["size", "offset", "name"],
      answer: (question) =>
        Effect.flatMap(newer(question), (dataplanes) => {
          const name = question.request.query.get("name") ?? ""
          return newerPageOf(question.request, dataplanes.filter((one) => one.name.includes(name)), encodeMeta)
        })
    }
  ]
}

/** What a MeshService stands for, healthy or not. */
const dataplanesOfService = (question: Question) =>
  Effect.gen(function*() {
    const { inspector: { resources }, parameter, request } = question
    const view = yield* requireView(question)
    const service = resources.get({ type: "MeshService", mesh: view.mesh, name: parameter("name") })
    if (service === undefined) return yield* notFound("Could not retrieve policy")
    const name = request.query.get("name") ?? ""
    const members = [...view.dataplanes.values()]
      .filter((dataplane) => dataplane.name.includes(name) && selects(service.spec.selector, dataplane))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
    return yield* newerPageOf(request, members, encodeMeta)
  })

export const policyEntries: ReadonlyArray<InspectEntry> = [
  {
    path: "/meshes/{mesh}/dataplanes/{name}/policies",
    summary: "The policies that are about a proxy",
    answer: (question) =>
      Effect.gen(function*() {
        const view = yield* requireView(question, "Could not build MeshContext")
        const dataplane = yield* requireDataplane(view, question, "Could not get MatchedPolicies")
        return json(encodeMatched(matchedPolicies(view.policies, dataplane)))
      })
  },
  ...policyTypes.flatMap(entriesOf),
  {
    path: "/meshes/{mesh}/meshservices/{name}/_resources/dataplanes",
    summary: "The proxies that a MeshService stands for",
    query: ["size", "offset", "name"],
    answer: dataplanesOfService
  }
]
