import { BlockList, isIPv6 } from "node:net";

/** Ranges that no server of the public internet has (IANA's special-purpose registries). */
const ranges: readonly (readonly [network: string, prefix: number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
  // Of IPv6 only 2000::/3 is handed out; within it these are not hosts, or are an IPv4 address in disguise.
  ["::", 3],
  ["4000::", 2],
  ["8000::", 1],
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

// Two lists, as one would look for an IPv4 address among IPv6 ranges too.
const special = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const [network, prefix] of ranges) special[family(network)].addSubnet(network, prefix, family(network));

/** Whether an IP address is one of the public internet. */
export function isPublicAddress(address: string): boolean {
  // An IPv4 address in IPv6's clothes is checked as what it is.
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  const plain = mapped ?? address;
  return !special[family(plain)].check(plain, family(plain));
}

function family(address: string): "ipv4" | "ipv6" {
  return isIPv6(address) ? "ipv6" : "ipv4";
}
