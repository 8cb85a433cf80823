/** One space, as Kuma's answers have it. */
export const jsonText = (body: unknown): string => `${JSON.stringify(body, null, 1)}\n`
