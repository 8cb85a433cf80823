/** A policy's match on a header, as Envoy's. */
import { create, type MessageInitShape } from "@bufbuild/protobuf"
import type { HeaderMatch } from "../../../model/HeaderMatch.ts"
import { type HeaderMatcher, HeaderMatcherSchema } from "../../proto/envoy/config/route/v3/route_components_pb.js"

type Specifier = NonNullable<MessageInitShape<typeof HeaderMatcherSchema>["headerMatchSpecifier"]>

const specifierOf = ({ type, value = "" }: HeaderMatch): Specifier => {
  switch (type) {
    case "Exact":
      return { case: "stringMatch", value: { matchPattern: { case: "exact", value } } }
    case "RegularExpression":
      return { case: "stringMatch", value: { matchPattern: { case: "safeRegex", value: { regex: value } } } }
    case "Prefix":
      // Envoy takes no empty prefix.
      return value === ""
        ? { case: "presentMatch", value: true }
        : { case: "stringMatch", value: { matchPattern: { case: "prefix", value } } }
    case "Present":
      return { case: "presentMatch", value: true }
    case "Absent":
      return { case: "presentMatch", value: false }
  }
}

export const headerMatcher = (match: HeaderMatch): HeaderMatcher =>
  create(HeaderMatcherSchema, { name: match.name, headerMatchSpecifier: specifierOf(match) })
