/**
 * Whether a service's secret gets a new token. Receives one look, answers what to do, why, and when to look again. It
 * never has a secret made or overwritten whose content isn't a JSON object. Pure.
 */
import type { Condition } from "../../model/Condition.ts"
import { SERVICE_TAG } from "../../model/Tags.ts"
import type { TokenClaims } from "./readToken.ts"
import { TOKEN_KEY } from "./secretJson.ts"
import type { TokenObservation } from "./TokenObservation.ts"
import type { TokenSettings } from "./TokenSettings.ts"

/** A statement about the secret for whoever made it; `lastTransitionTime` is for whoever keeps it. */
export type TokenCondition = Omit<Condition, "lastTransitionTime">

export interface TokenDecision {
  /** `keep`: all is well. `issue`: a new token is put there. `wait`: somebody, or time, has to do something first. */
  readonly action: "keep" | "issue" | "wait"
  /** Of the token that the secret holds, or gets. */
  readonly mesh: string
  readonly conditions: ReadonlyArray<TokenCondition>
  /** Unix milliseconds. */
  readonly wakeAt: number
}

const kept = (status: Condition["status"], reason: string, message: string): TokenCondition =>
  ({ type: "TokenKept", status, reason, message })

interface Flaw {
  readonly reason: string
  readonly message: string
}

/** When a token is to be replaced (Unix milliseconds); Infinity for one that never expires. */
export const rotateAt = (
  { expiresAt, issuedAt }: TokenClaims,
  { rotateBeforeMillis, validForMillis }: TokenSettings
): number => {
  if (expiresAt === null) return Infinity
  const life = issuedAt === null ? validForMillis : expiresAt - issuedAt
  return Math.ceil(expiresAt - (rotateBeforeMillis ?? life / 3))
}

/** The token's own mesh where a task wants that one, so that tasks of two meshes don't take turns. */
const meshOf = ({ held, meshes }: TokenObservation): string => {
  const own = held.status === "token" ? meshes.find((mesh) => mesh === held.claims.mesh) : undefined
  return own ?? meshes[0] ?? ""
}

/** Why the secret needs a new token; null where it doesn't. */
const flawOf = (observation: TokenObservation, settings: TokenSettings, now: number): Flaw | null => {
  const { held, service } = observation
  if (held.status === "unreadable") {
    return { reason: "TokenUnreadable", message: `what stands as "${TOKEN_KEY}" isn't a dataplane token` }
  }
  if (held.status !== "token") return { reason: "TokenMissing", message: `the secret has no "${TOKEN_KEY}" yet` }
  const { claims, objection } = held
  if (claims.mesh !== "" && claims.mesh !== meshOf(observation)) {
    return { reason: "TokenOfAnotherMesh", message: `the token is for mesh "${claims.mesh}"` }
  }
  if (claims.services !== null && !claims.services.includes(service)) {
    return { reason: "TokenOfAnotherService", message: `the token is for ${SERVICE_TAG} ${claims.services.join(", ")}` }
  }
  if (rotateAt(claims, settings) <= now) {
    const end = new Date(claims.expiresAt ?? now).toISOString()
    return { reason: "TokenExpires", message: `the token expires at ${end}` }
  }
  return objection === null
    ? null
    : { reason: "TokenRefused", message: `the control plane refuses the token: ${objection}` }
}

/** What its owner has to change before the secret can hold a token; null where nothing. */
const obstacleOf = ({ held, secret }: TokenObservation): Flaw | null => {
  switch (held.status) {
    case "absent":
      return {
        reason: "SecretMissing",
        message: `Secrets Manager has no secret "${secret}": create it with the value {} beside the service ` +
          `(CloudFormation: AWS::SecretsManager::Secret with Name: ${secret} and SecretString: "{}")`
      }
    case "deleting":
      return {
        reason: "SecretDeleted",
        message: `secret "${secret}" is marked for deletion: restore it, or create it anew`
      }
    case "binary":
      return {
        reason: "SecretBinary",
        message: `secret "${secret}" holds bytes and is left as it is: give it the text {} where they aren't needed`
      }
    case "malformed":
      return {
        reason: "SecretMalformed",
        message: `what secret "${secret}" holds ${held.problem} and is left as it is: give it a JSON object such as {}`
      }
    default:
      return null
  }
}

const disagreement = (observation: TokenObservation): ReadonlyArray<TokenCondition> => {
  const { meshes, secret, service } = observation
  return meshes.length < 2 ? [] : [{
    type: "MeshesAgree",
    status: "False",
    reason: "SeveralMeshes",
    message: `tasks with ${SERVICE_TAG} "${service}" are in the meshes ${meshes.join(", ")}, and secret "${secret}" ` +
      `holds a token of one: mesh "${meshOf(observation)}". Give the service another name in the others`
  }]
}

const MINUTE = 60_000

/**
 * When the secret may be written again: at once the first time, then ever later, so that two who disagree about it
 * don't fill it with versions. "We recommend you avoid calling PutSecretValue at a sustained rate of more than once
 * every 10 minutes": https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
 */
const mayWriteAt = (writes: ReadonlyArray<number>): number => {
  const last = writes.at(-1)
  return last === undefined ? 0 : last + Math.min(10 * MINUTE, MINUTE / 2 * 2 ** (writes.length - 1))
}

export const decideToken = (observation: TokenObservation, settings: TokenSettings, now: number): TokenDecision => {
  const { held, writes } = observation
  const mesh = meshOf(observation)
  const rest = disagreement(observation)
  const obstacle = obstacleOf(observation)
  if (obstacle !== null) {
    const conditions = [kept("False", obstacle.reason, obstacle.message), ...rest]
    return { action: "wait", mesh, conditions, wakeAt: now + settings.waitMillis }
  }
  const flaw = flawOf(observation, settings, now)
  if (flaw === null) {
    const due = held.status === "token" ? rotateAt(held.claims, settings) : now
    const conditions = [kept("True", "TokenGood", "the secret holds a token that lets the service join"), ...rest]
    return { action: "keep", mesh, conditions, wakeAt: Math.min(due, now + settings.lookMillis) }
  }
  const allowedAt = mayWriteAt(writes)
  if (allowedAt > now) {
    const message = `${flaw.message}; it was replaced a moment ago, so this waits until ` +
      `${new Date(allowedAt).toISOString()}: see who else writes the secret, or revokes its tokens`
    return { action: "wait", mesh, conditions: [kept("False", flaw.reason, message), ...rest], wakeAt: allowedAt }
  }
  return { action: "issue", mesh, conditions: [kept("False", flaw.reason, flaw.message), ...rest], wakeAt: now }
}
