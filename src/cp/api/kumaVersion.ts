/** The version of Kuma whose API this is. */
export const KUMA_VERSION = "2.14.3"
