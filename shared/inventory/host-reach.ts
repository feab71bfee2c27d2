/** How far away a URL's host is, judged by its text alone (nothing is resolved). */

export type HostReach = "loopback" | "private" | "public";

export function hostReach(url: string): HostReach {
  if (!URL.canParse(url)) return "public";
  // The parser has already turned octal, hex and decimal forms into dotted ones.
  const host = new URL(url).hostname.toLowerCase().replace(/\.$/, "");
  if (host === "localhost" || host.endsWith(".localhost") || /^127\.\d+\.\d+\.\d+$/.test(host) || host === "[::1]" || /^\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\]$/.test(host)) return "loopback";
  if (/^(10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)[\d.]+$/.test(host)) return "private";
  if (/^\[(f[cd][0-9a-f]{2}|fe[89ab][0-9a-f]):/.test(host)) return "private";
  return host.endsWith(".local") || host.endsWith(".lan") || host.endsWith(".internal") || (!host.includes(".") && !host.startsWith("[")) ? "private" : "public";
}
