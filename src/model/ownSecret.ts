/** Secrets of a mesh that the control plane makes for itself. Whoever could have one shown would speak for the mesh. */
const OWN = /^dataplane-token-(signing-key|revocations)-|\.ca-builtin-(cert|key)-/

/** Whether nobody else's resource may name it as a source. */
export const isOwnSecret = (name: string): boolean => OWN.test(name)

export const certificateSecretName = (mesh: string, backend: string): string => `${mesh}.ca-builtin-cert-${backend}`
export const keySecretName = (mesh: string, backend: string): string => `${mesh}.ca-builtin-key-${backend}`
