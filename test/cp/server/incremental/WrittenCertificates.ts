/**
 * Certificates that only write down what they would be issued for, and come when they are told to: to see that whoever
 * needs another one asks for it.
 */
import type {
  HeldCertificates,
  MeshSecrets,
  ProxyCertificates
} from "../../../../src/cp/server/ProxyCertificates.ts"
import type { WorkloadCertificate } from "../../../../src/cp/ca/CertificateAuthority.ts"
import type { ResourceIndex } from "../../../../src/cp/snapshot/ResourceIndex.ts"
import { caSecret, identitySecret } from "../../../../src/cp/xds/secret.ts"
import { authoritySecrets } from "../../../../src/model/authoritySecrets.ts"
import { enabledBackend } from "../../../../src/model/Mesh.ts"
import type { ProxyId } from "../../../../src/model/ProxyType.ts"
import { tagSets } from "../../../../src/model/tagSets.ts"

export class WrittenCertificates implements ProxyCertificates {
  readonly #cache: ResourceIndex
  readonly #asked = new Set<() => void>()

  constructor(cache: ResourceIndex) {
    this.#cache = cache
  }

  /** What the proxy's secrets of a mesh would be if they were asked for now. */
  secrets({ mesh: ownMesh, name }: ProxyId, mesh: string): MeshSecrets {
    const resource = this.#cache.get({ type: "Mesh", mesh: "", name: mesh })
    const dataplane = this.#cache.get({ type: "Dataplane", mesh: ownMesh, name })
    const ca = JSON.stringify([
      resource === undefined ? null : enabledBackend(resource.spec)?.name,
      [...authoritySecrets(mesh, resource?.spec)].map((secret) =>
        this.#cache.get({ type: "Secret", mesh, name: secret })?.spec)
    ])
    const names = JSON.stringify([name, dataplane === undefined ? [] : tagSets(dataplane.spec)])
    return [identitySecret(mesh, { certificatePem: ca + names, privateKeyPem: "" }), caSecret(mesh, ca)]
  }

  hold(proxy: ProxyId, onChange: (certificate: WorkloadCertificate) => void): HeldCertificates {
    const secrets = new Map<string, MeshSecrets>()
    let wanted: ReadonlyArray<string> = []
    const deliver = (): void => {
      for (const mesh of wanted) {
        const [identity, trust] = this.secrets(proxy, mesh)
        const before = secrets.get(mesh)
        if (before?.[0].version === identity.version && before[1].version === trust.version) continue
        secrets.set(mesh, [identity, trust])
        onChange(CERTIFICATE)
      }
    }
    return {
      secrets,
      certificate: null,
      want: (meshes) => {
        wanted = meshes
        for (const mesh of secrets.keys()) if (!meshes.includes(mesh)) secrets.delete(mesh)
        this.#asked.add(deliver)
      },
      release: () => {
        wanted = []
        this.#asked.delete(deliver)
      }
    }
  }

  deliver(): void {
    for (const deliver of this.#asked) {
      this.#asked.delete(deliver)
      deliver()
    }
  }
}

const CERTIFICATE: WorkloadCertificate = {
  certificatePem: "",
  privateKeyPem: "",
  issuedAt: 0,
  expiresAt: 0,
  renewAt: 0,
  backend: "ca-1"
}
