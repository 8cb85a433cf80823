// An AWS in a few lines: its STS verifies SigV4 over the request as it arrives and answers JSON, its IAM has roles. For
// tests that ask far more often than the emulator answers; those of the single refusals ask the emulator.
import { createHash, createHmac } from "node:crypto"
import { createServer, type IncomingMessage } from "node:http"
import type { TaskCredentials } from "../../../../src/sidecar/presign.ts"
import { roleXml, xmlAnswer } from "./awsXml.ts"
import { identityJson } from "./scriptedSts.ts"

/** A session of a role, with what it signs by. */
export interface VerifiedSession {
  readonly credentials: TaskCredentials
  readonly accountId: string
  readonly roleName: string
  readonly roleId: string
  readonly sessionName: string
  readonly tags: Readonly<Record<string, string>>
}

export interface VerifyingAws {
  readonly endpoint: string
  readonly stop: () => Promise<void>
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest()
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")

/** The session that signed this request, as it came. */
const signer = (request: IncomingMessage, sessions: ReadonlyArray<VerifiedSession>): VerifiedSession | undefined => {
  const [path = "", query = ""] = (request.url ?? "").split("?")
  const pairs = query.split("&")
  const value = (name: string): string =>
    decodeURIComponent(pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? "")
  const [accessKey, day = "", region = "", service = "", terminator = ""] = value("X-Amz-Credential").split("/")
  const session = sessions.find(({ credentials }) => credentials.accessKeyId === accessKey)
  if (session === undefined || value("X-Amz-Security-Token") !== session.credentials.sessionToken) return undefined
  const names = value("X-Amz-SignedHeaders").split(";")
  const canonical = [
    request.method,
    path,
    pairs.filter((pair) => !pair.startsWith("X-Amz-Signature=")).sort().join("&"),
    names.map((name) => `${name}:${String(request.headers[name] ?? "")}\n`).join(""),
    names.join(";"),
    sha256("")
  ].join("\n")
  const toSign = ["AWS4-HMAC-SHA256", value("X-Amz-Date"), [day, region, service, terminator].join("/"), sha256(canonical)]
  const key = [day, region, service, terminator].reduce<string | Buffer>(
    hmac,
    `AWS4${session.credentials.secretAccessKey}`
  )
  return hmac(key, toSign.join("\n")).toString("hex") === value("X-Amz-Signature") ? session : undefined
}

const sts = (request: IncomingMessage, sessions: ReadonlyArray<VerifiedSession>): readonly [number, string] => {
  const session = signer(request, sessions)
  if (session === undefined) return [403, JSON.stringify({ Error: { Code: "SignatureDoesNotMatch" } })]
  const { accountId, roleName, roleId, sessionName } = session
  const arn = `arn:aws:sts::${accountId}:assumed-role/${roleName}/${sessionName}`
  return [200, identityJson(accountId, arn, `${roleId}:${sessionName}`)]
}

/** What the control plane itself asks, by the query protocol. */
const query = (form: URLSearchParams, sessions: ReadonlyArray<VerifiedSession>): readonly [number, string] => {
  const own = sessions[0]?.accountId ?? ""
  if (form.get("Action") === "GetCallerIdentity") {
    const result = `<Account>${own}</Account><Arn>arn:aws:iam::${own}:role/cp</Arn><UserId>x</UserId>`
    return [200, xmlAnswer("GetCallerIdentity", result)]
  }
  const role = sessions.find(({ roleName }) => roleName === form.get("RoleName"))
  return role === undefined
    ? [404, "<ErrorResponse><Error><Code>NoSuchEntity</Code></Error></ErrorResponse>"]
    : [200, roleXml(`arn:aws:iam::${role.accountId}:role/${role.roleName}`, role.roleId, role.tags)]
}

export const startVerifyingAws = (sessions: ReadonlyArray<VerifiedSession>): Promise<VerifyingAws> =>
  new Promise((resolve, reject) => {
    const server = createServer((request, response) => {
      let body = ""
      request.on("data", (chunk) => { body += String(chunk) })
      request.on("end", () => {
        const presigned = request.method === "GET"
        const [status, answer] = presigned ? sts(request, sessions) : query(new URLSearchParams(body), sessions)
        response.writeHead(status, { "content-type": presigned ? "application/json" : "text/xml" }).end(answer)
      })
    })
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      if (address === null || typeof address === "string") return reject(new Error("no port"))
      resolve({
        endpoint: `http://127.0.0.1:${address.port}`,
        stop: () =>
          new Promise((done) => {
            server.close(() => done())
            server.closeAllConnections()
          })
      })
    })
  })
