import { type Language, parsePattern } from "../regex/parse-pattern.ts";

/*
 * What each `format` generates, in the syntax of `pattern`. Each is inside of what its RFC and the usual validators
 * accept, and leaves rare forms away (no IPv4 inside of IPv6, no user in a URI, no quoted local part).
 */
const hex = "[0-9a-fA-F]";
const year = String.raw`\d{4}`;
const leapYear = String.raw`(\d\d(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)`;
const date = `(${year}-((0[13578]|1[02])-(0[1-9]|[12]\\d|3[01])|(0[469]|11)-(0[1-9]|[12]\\d|30)|02-(0[1-9]|1\\d|2[0-8]))|${leapYear}-02-29)`;
const clock = String.raw`([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?`;
const time = `${clock}(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)`;
const durationTime = String.raw`T(\d+H(\d+M(\d+S)?)?|\d+M(\d+S)?|\d+S)`;
const durationDate = String.raw`(\d+Y(\d+M(\d+D)?)?|\d+M(\d+D)?|\d+D)`;
const label = "[a-zA-Z0-9]{1,20}(-[a-zA-Z0-9]{1,20}){0,2}";
const hostname = `(${label}\\.){0,3}[a-zA-Z][a-zA-Z0-9]{0,30}`;
// Each part begins with a letter: after each character there is one way to go on, also with a maxLength.
const host = "[a-zA-Z][a-zA-Z0-9]*([.\\-][a-zA-Z][a-zA-Z0-9]*)*";
const octet = String.raw`(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`;
const ipv4 = `${octet}(\\.${octet}){3}`;
const group = `${hex}{1,4}`;
// "::" stands for two groups or more: n are before it, and at most 6 - n behind.
const groupsUpTo = (most: number): string => (most === 0 ? "" : `(${group}(:${group}){0,${most - 1}})?`);
const ipv6 = [
  `(${group}:){7}${group}`,
  `::${groupsUpTo(6)}`,
  ...[1, 2, 3, 4, 5, 6].map((before) => `${group}(:${group}){${before - 1}}::${groupsUpTo(6 - before)}`),
].join("|");
// All that may stand in a path, a query or a fragment, so that few states need counting.
const uriChar = String.raw`([a-zA-Z0-9\-._~!$&'()*+,;=:@/?]|%${hex}{2})`;
const uri = `[a-zA-Z][a-zA-Z0-9+.\\-]*:(//${host}(:[1-9]\\d{0,3})?([/?]${uriChar}*)?|[a-zA-Z0-9]${uriChar}*)(#${uriChar}*)?`;
const uriReference = `(${uri}|/([a-zA-Z0-9\\-._~]${uriChar}*)?(#${uriChar}*)?)`;
const atom = "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+";
const email = `${atom}(\\.${atom})*@([a-zA-Z0-9]+(-[a-zA-Z0-9]+)*\\.)+[a-zA-Z]{2,}`;
const pointer = "(/([^~/]|~[01])*)*";
const base64 = "[a-zA-Z0-9+/]";
const bytes = `(${base64}{4})*(${base64}{2}==|${base64}{3}=)?`;
const base64url = "[a-zA-Z0-9_-]";
const decimal = String.raw`-?(0|[1-9]\d{0,15})(\.\d{1,15})?`;

/** Pydantic's names for the versions of RFC 9562. */
function uuidOf(version: number): string {
  return `${hex}{8}-${hex}{4}-${version}${hex}{3}-[89abAB]${hex}{3}-${hex}{12}`;
}

const patterns: Readonly<Record<string, string>> = {
  date,
  time,
  "date-time": `${date}T${time}`,
  duration: `P(${durationDate}(${durationTime})?|${durationTime}|\\d+W)`,
  uuid: `${hex}{8}(-${hex}{4}){3}-${hex}{12}`,
  ...Object.fromEntries([1, 3, 4, 5, 6, 7, 8].map((version) => [`uuid${version}`, uuidOf(version)])),
  email,
  "idn-email": email,
  hostname,
  "idn-hostname": hostname,
  ipv4,
  ipv6,
  ipvanyaddress: `${ipv4}|${ipv6}`,
  "multi-host-uri": uri,
  "name-email": email,
  uri,
  iri: uri,
  url: uri,
  "uri-reference": uriReference,
  "iri-reference": uriReference,
  "json-pointer": pointer,
  "relative-json-pointer": `(0|[1-9]\\d{0,5})(#|${pointer})`,
  color: `#(${hex}{3}|${hex}{6})`,
  // OpenAPI writes numbers that JavaScript cannot hold as strings.
  int32: String.raw`-?(0|[1-9]\d{0,8})`,
  int64: String.raw`-?(0|[1-9]\d{0,17})`,
  uint32: String.raw`0|[1-9]\d{0,8}`,
  uint64: String.raw`0|[1-9]\d{0,18}`,
  float: decimal,
  double: decimal,
  decimal,
  base64: bytes,
  base64url: `(${base64url}{4})*${base64url}{2,3}`,
  jwt: `${base64url}{4,}\\.${base64url}{4,}\\.${base64url}*`,
  byte: bytes,
};

/** Formats that say how a string is shown or used and nothing about its characters. */
const silentFormats: ReadonlySet<string> = new Set([
  "password",
  "binary",
  "text",
  "textarea",
  "string",
  "markdown",
  "html",
]);

const languages = new Map<string, Language>();

/** What strings of a format look like; "any" for a format without rules, undefined for one that is not known. */
export function formatLanguage(format: string): Language | "any" | undefined {
  if (silentFormats.has(format)) return "any";
  if (!Object.hasOwn(patterns, format)) return undefined;
  let language = languages.get(format);
  if (!language) languages.set(format, (language = parsePattern(`^(${patterns[format]!})$`)));
  return language;
}

/** The formats of JSON Schema itself, for messages. */
export const formatNames: readonly string[] =
  "date, time, date-time, duration, uuid, email, hostname, ipv4, ipv6, uri, uri-reference, json-pointer".split(", ");
