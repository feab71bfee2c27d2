/** What the HTTP guard says when a server cannot be reached or does not answer: to the client as a JSON-RPC error, to a person on standard error. */
import type { Answer, WireFailure } from "./wire.ts";
import { withoutSecrets, type Target } from "./target.ts";

/** Codes outside the ranges that JSON-RPC and MCP reserve, next to those of the gate (shared/gate/refusal.ts). */
export const UNREACHABLE = 4032;
export const SIGN_IN = 4033;
export const NO_ANSWER = 4034;
export const SESSION_OVER = 4035;
export const UNFIT_TOOL = 4036;

export interface Trouble {
  readonly code: number;
  readonly text: string;
}

/** Nothing could be guarded: worth a record, not only a word. Says nothing that the server said. */
export function isGap({ code }: Trouble): boolean {
  return code === UNREACHABLE || code === SIGN_IN;
}

/** A JSON-RPC error on one line. @param id raw JSON text of the request's id. */
export function errorLine(id: string, trouble: Trouble): string {
  return `{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify({ code: trouble.code, message: trouble.text })}}`;
}

export function failureTrouble(failure: WireFailure, target: Target): Trouble {
  const { host, protocol } = target.url;
  const { detail } = failure;
  const unreachable = (text: string): Trouble => ({ code: UNREACHABLE, text });
  switch (failure.trouble) {
    case "connect":
      return unreachable(CONNECT[detail]?.(host) ?? `${host} could not be reached (${detail}). Is the server running, and is the address right?`);
    case "connect-timeout":
      return unreachable(`${host} did not take the connection within ${detail} seconds. Is the address right, and does a firewall or a proxy stand in between?`);
    case "tls":
      return unreachable(
        protocol === "https:" && /^(EPROTO|ERR_SSL)/.test(detail)
          ? `${host} does not speak TLS as it should (${detail}). Does the server expect http:// instead of https://?`
          : `${host} could not prove who it is: its certificate was not accepted (${detail}), so nothing was sent. If your organisation signs certificates of its own, name its authority in NODE_EXTRA_CA_CERTS.`,
      );
    case "answer-timeout":
      return { code: NO_ANSWER, text: `${host} did not answer within ${detail} seconds.` };
    case "redirect":
      return unreachable(
        detail === "loop"
          ? `${host} redirects again and again.`
          : detail === "same"
            ? `${host} says that the server stands at another address. Put the new address into --url.`
            : `${host} redirects to ${detail}. Sluice does not follow redirects to another place, because requests and their headers are meant for ${host} only. If the new place is right, put it into --url.`,
      );
    case "encoding":
      return { code: NO_ANSWER, text: `${host} compressed its answer in a way that could not be read (${detail}).` };
    case "broken":
      return { code: NO_ANSWER, text: `The connection to ${host} broke before the answer was complete (${detail}).` };
  }
}

const CONNECT: Readonly<Record<string, (host: string) => string>> = {
  ECONNREFUSED: (host) => `Nothing answers at ${host}: the connection was refused. Is the server running, and is the port right?`,
  ENOTFOUND: (host) => `There is no server named ${host}. Is the address spelled right, and is this machine online?`,
  EAI_AGAIN: (host) => `The name ${host} could not be looked up. Is this machine online?`,
  ECONNRESET: (host) => `${host} closed the connection before it stood.`,
};

/** @param stray what the server said in words, judged already; empty where it said nothing. */
export function statusTrouble(answer: Pick<Answer, "status" | "headers">, stray: string, target: Target, inSession: boolean): Trouble {
  const { host } = target.url;
  const { status } = answer;
  if (status === 401 || (status === 403 && answer.headers["www-authenticate"] !== undefined)) return { code: SIGN_IN, text: signInWords(answer, target) };
  if (status === 404 && inSession) return { code: SESSION_OVER, text: `${host} no longer knows this session: it has ended, or the server was restarted. Restart this server entry in your app to begin a new one.` };
  const what = STATUS[status] ?? (status >= 500 ? "the server has a problem of its own" : status >= 400 ? "the server refused the request" : "that is no answer to a request");
  return { code: NO_ANSWER, text: `${host} answered with HTTP ${status}: ${what}.${quoted(withoutSecrets(stray, target))}` };
}

const STATUS: Readonly<Record<number, string>> = {
  403: "it does not allow this",
  404: "there is no MCP server at this address",
  405: "there is no MCP server at this address",
  413: "the message is too large for it",
  429: "too many requests in too short a time",
  502: "the server behind it does not answer",
  503: "it is not available at the moment",
  504: "the server behind it takes too long",
};

/** OAuth cannot be carried: tokens are bound to the server's own address (RFC 8707), which is not ours. */
export function signInWords(answer: Pick<Answer, "headers">, target: Target): string {
  const { host } = target.url;
  if (target.authentication !== "none") return `${host} did not accept the sign-in that was given by --header. Is the token still valid, and is it meant for this server?`;
  const way = 'Either let your app connect to it by itself, so that it can sign in (Sluice then governs it by the app\'s configuration), or give Sluice a token of its own: --header "Authorization: Bearer ${NAME_OF_A_VARIABLE}".';
  if (answer.headers["www-authenticate"] === undefined) return `${host} asks for a sign-in that was not given. ${way}`;
  return `${host} asks for OAuth sign-in. Sluice cannot carry that: a sign-in is bound to the server's own address, and the app sees Sluice's in its place. ${way}`;
}

const MAX_QUOTE = 300;

function quoted(text: string): string {
  const plain = text.replace(/\s+/g, " ").trim();
  // Pages are for browsers.
  if (plain === "" || plain.startsWith("<")) return "";
  return ` It says: ${plain.length > MAX_QUOTE ? `${plain.slice(0, MAX_QUOTE)}…` : plain}`;
}
