// What IAM and STS answer to the SDK, by the query protocol.

/** `result`: the content of `<action>Result`. */
export const xmlAnswer = (action: string, result: string): string =>
  `<${action}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><${action}Result>${result}</${action}Result>` +
  `<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></${action}Response>`

export const roleXml = (arn: string, roleId: string, tags: Readonly<Record<string, string>> = {}): string => {
  const members = Object.entries(tags).map(([key, value]) => `<member><Key>${key}</Key><Value>${value}</Value></member>`)
  return xmlAnswer(
    "GetRole",
    `<Role><Arn>${arn}</Arn><RoleId>${roleId}</RoleId><RoleName>${arn.slice(arn.lastIndexOf("/") + 1)}</RoleName>` +
      `<Path>/</Path><CreateDate>2026-01-01T00:00:00Z</CreateDate><Tags>${members.join("")}</Tags></Role>`
  )
}
