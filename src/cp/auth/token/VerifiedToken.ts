/** What a token's signature vouches for. */
export interface VerifiedToken {
  readonly tokenId: string
  readonly keyId: string
  readonly keyFingerprint: string
  /** Unix milliseconds, or null where the token never expires. */
  readonly expiresAt: number | null
  /** The whole payload. */
  readonly payload: object
}

/** To be taken again without its signature being verified once more, within its times. */
export interface RememberedToken {
  readonly token: VerifiedToken
  /** Unix milliseconds, or null where it was valid from the beginning. */
  readonly validFrom: number | null
}
