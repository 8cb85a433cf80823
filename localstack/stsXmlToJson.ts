// The XML of GetCallerIdentity's answers, and of STS's errors, as the JSON that AWS gives for them.

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: "\"", apos: "'" }

const textOf = (xml: string, element: string): string | undefined =>
  new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1]
    ?.replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => ENTITIES[name] ?? "")
    .trim()

/** Undefined where the text is neither. */
export const toJson = (xml: string): unknown => {
  const Code = textOf(xml, "Code")
  const RequestId = textOf(xml, "RequestId") ?? ""
  if (Code !== undefined) return { Error: { Type: "Sender", Code, Message: textOf(xml, "Message") ?? "" }, RequestId }
  const [Account, Arn, UserId] = [textOf(xml, "Account"), textOf(xml, "Arn"), textOf(xml, "UserId")]
  if (Account === undefined || Arn === undefined || UserId === undefined) return undefined
  return {
    GetCallerIdentityResponse: {
      GetCallerIdentityResult: { Account, Arn, UserId },
      ResponseMetadata: { RequestId }
    }
  }
}
