import { expect, it } from "vitest"
import { PlacesOfEach } from "../../../src/cp/door/PlacesOfEach.ts"

it("each address has so many places, and what is given back is there again, once", () => {
  const places = new PlacesOfEach(2)
  const [first, second] = [places.take("192.0.2.1"), places.take("192.0.2.1")]
  expect([first === null, second === null, places.take("192.0.2.1")]).toEqual([false, false, null])
  expect(places.take("192.0.2.2")).not.toBeNull()
  first?.()
  first?.()
  expect(places.take("192.0.2.1")).not.toBeNull()
  expect(places.take("192.0.2.1")).toBeNull()
})

it("a network of IPv6 is one address, and nobody is remembered who has none", () => {
  const places = new PlacesOfEach(1)
  const leave = places.take("2001:db8:1:2::1")
  expect(places.take("2001:db8:1:2::2")).toBeNull()
  expect(places.take("2001:db8:1:3::1")).not.toBeNull()
  expect(places.size).toBe(2)
  leave?.()
  expect(places.size).toBe(1)
})
