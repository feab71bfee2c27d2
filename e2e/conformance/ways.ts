/** How the client under test reaches the suite's server: directly, through `guard --listen`, or on a pipe to `guard --url`. */
export const WAYS = ["direct", "listen", "url"] as const;
export type Way = (typeof WAYS)[number];
