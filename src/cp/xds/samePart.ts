/** Whether two parts of outbounds are one: what they were made of may be others, and nothing that came of it. */
import { sameData } from "../snapshot/sameData.ts"
import type { OutboundPart } from "./ProxyTranslation.ts"

const sameItems = (one: ReadonlyArray<unknown>, other: ReadonlyArray<unknown>): boolean =>
  one.length === other.length && one.every((item, at) => item === other[at])

export const samePart = (one: OutboundPart, other: OutboundPart): boolean =>
  sameItems(one.resources, other.resources) && sameItems(one.uses, other.uses) && sameItems(one.reads, other.reads) &&
  sameData(one.conditions, other.conditions)
