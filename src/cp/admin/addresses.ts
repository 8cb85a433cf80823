/** Whom a control plane may talk to: addresses come from proxies, and a proxy may say any. Pure. */
import { BlockList, isIP } from "node:net"

/** No proxy is there, and who is isn't to hear from a control plane: metadata services, groups of hosts. */
const nowhere = new BlockList()
nowhere.addSubnet("0.0.0.0", 8)
nowhere.addSubnet("169.254.0.0", 16)
nowhere.addSubnet("224.0.0.0", 3)
nowhere.addSubnet("fe80::", 10, "ipv6")
nowhere.addSubnet("fd00:ec2::", 32, "ipv6")
nowhere.addSubnet("ff00::", 8, "ipv6")
nowhere.addAddress("::", "ipv6")

const loopback = new BlockList()
loopback.addSubnet("127.0.0.0", 8)
loopback.addAddress("::1", "ipv6")

const isIn = (list: BlockList, address: string): boolean =>
  isIP(address) !== 0 && list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4")

/** A name could mean another host each time. */
export const isAskable = (address: string): boolean => isIP(address) !== 0 && !isIn(nowhere, address)

export const isThisHost = (address: string): boolean => isIn(loopback, address)
