import { type Language, parsePattern } from "../regex/parse-pattern.ts";

/*
 * What each `format` generates, in the syntax of `pattern`: the grammar of its RFC, as far as it is regular, without
 * leap seconds, quoted local parts and what DNS leaves to servers.
 */
const hex = "[0-9a-fA-F]";
const year = String.raw`\d{4}`;
const leapYear = String.raw`(\d\d(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)`;
const date = `(${year}-((0[13578]|1[02])-(0[1-9]|[12]\\d|3[01])|(0[469]|11)-(0[1-9]|[12]\\d|30)|02-(0[1-9]|1\\d|2[0-8]))|${leapYear}-02-29)`;
const clock = String.raw`([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?`;
const time = `${clock}(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)`;
// RFC 3339, appendix A: units may be left out at both ends, and not in between.
const durationTime = String.raw`T(\d+H(\d+M(\d+S)?)?|\d+M(\d+S)?|\d+S)`;
const durationDate = String.raw`(\d+Y(\d+M(\d+D)?)?|\d+M(\d+D)?|\d+D)`;
const label = "[a-zA-Z0-9]([a-zA-Z0-9\\-]{0,61}[a-zA-Z0-9])?";
// RFC 1123, without two hyphens side by side, which only some labels may have.
const plainLabel = "[a-zA-Z0-9](-?[a-zA-Z0-9]){0,30}";
// Four of them stay below the 253 characters of a name.
const hostname = `${plainLabel}(\\.${plainLabel}){0,3}`;
const octet = String.raw`(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`;
const ipv4 = `${octet}(\\.${octet}){3}`;
const group = `${hex}{1,4}`;
// RFC 4291: "::" stands for two groups or more; the last two may be written as an IPv4 address.
const groupsUpTo = (most: number): string => (most === 0 ? "" : `(${group}(:${group}){0,${most - 1}})?`);
const withV4 = (most: number): string => `(${group}:){0,${most}}${ipv4}`;
const ipv6 = [
  `(${group}:){7}${group}`,
  `(${group}:){6}${ipv4}`,
  `::${groupsUpTo(6)}`,
  `::${withV4(4)}`,
  ...[1, 2, 3, 4, 5, 6].map((before) => `${group}(:${group}){${before - 1}}::${groupsUpTo(6 - before)}`),
  ...[1, 2, 3, 4].map((before) => `${group}(:${group}){${before - 1}}::${withV4(4 - before)}`),
].join("|");
// RFC 3986, and RFC 3987 for characters beyond ASCII.
const uriOf = (more: string) => {
  const unreserved = `a-zA-Z0-9\\-._~${more}`;
  const encoded = `%${hex}{2}`;
  const segmentChar = `([${unreserved}!$&'()*+,;=:@]|${encoded})`;
  const nameChar = `([${unreserved}!$&'()*+,;=]|${encoded})`;
  const firstChar = `([${unreserved}!$&'()*+,;=@]|${encoded})`;
  const host = `(\\[(${ipv6}|[vV]${hex}+\\.[a-zA-Z0-9\\-._~!$&'()*+,;=:]+)\\]|${nameChar}*)`;
  const authority = `//(([${unreserved}!$&'()*+,;=:]|${encoded})*@)?${host}(:\\d*)?(/${segmentChar}*)*`;
  const absolute = `/(${segmentChar}+(/${segmentChar}*)*)?`;
  const rootless = `${segmentChar}+(/${segmentChar}*)*`;
  const relative = `${firstChar}+(/${segmentChar}*)*`;
  const tail = `(\\?(${segmentChar}|[/?])*)?(#(${segmentChar}|[/?])*)?`;
  const scheme = "[a-zA-Z][a-zA-Z0-9+.\\-]*:";
  const full = `${scheme}(${authority}|${absolute}|${rootless})?${tail}`;
  return { full, reference: `(${full}|(${authority}|${absolute}|${relative})?${tail})` };
};
const { full: uri, reference: uriReference } = uriOf("");
const { full: iri, reference: iriReference } = uriOf(
  "\\u{a0}-\\u{d7ff}\\u{f900}-\\u{fdcf}\\u{fdf0}-\\u{ffef}\\u{10000}-\\u{1fffd}",
);
// RFC 5321's Mailbox, with a dot-string and a domain of two labels or more.
const atom = "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+";
const email = `${atom}(\\.${atom})*@(${label}\\.)+[a-zA-Z]([a-zA-Z0-9]*[a-zA-Z0-9])?`;
const pointer = "(/([^~/]|~[01])*)*";
const base64 = "[a-zA-Z0-9+/]";
const bytes = `(${base64}{4})*(${base64}{2}==|${base64}{3}=)?`;
const base64url = "[a-zA-Z0-9_-]";
const decimal = String.raw`-?(0|[1-9]\d{0,15})(\.\d{1,15})?`;
// RFC 6570: literals and expressions.
const varName = `([a-zA-Z0-9_]|%${hex}{2})(\\.?([a-zA-Z0-9_]|%${hex}{2}))*`;
const varSpec = `${varName}(:[1-9]\\d{0,3}|\\*)?`;
const template = `([^\\u{0}-\\u{20}"'%<>\\\\^\`{|}\\u{7f}-\\u{9f}]|%${hex}{2}|\\{[+#./;?&=,!@|]?${varSpec}(,${varSpec})*\\})*`;

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
  iri,
  url: uri,
  "uri-reference": uriReference,
  "iri-reference": iriReference,
  "uri-template": template,
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

/** Parts of those with many ways to go on, of which a length can be counted. */
const simplerHost = "[a-zA-Z][a-zA-Z0-9]*([.\\-][a-zA-Z][a-zA-Z0-9]*)*";
const simplerChar = String.raw`([a-zA-Z0-9\-._~!$&'()*+,;=:@/?]|%[0-9a-fA-F]{2})`;
const simplerUri = `[a-zA-Z][a-zA-Z0-9+.\\-]*:(//${simplerHost}(:[1-9]\\d{0,3})?([/?]${simplerChar}*)?|[a-zA-Z0-9]${simplerChar}*)(#${simplerChar}*)?`;
const simplerReference = `(${simplerUri}|/([a-zA-Z0-9\\-._~]${simplerChar}*)?(#${simplerChar}*)?)`;
const simplerEmail = `${atom}(\\.${atom})*@([a-zA-Z0-9]+(-[a-zA-Z0-9]+)*\\.)+[a-zA-Z]{2,}`;

const simplerPatterns: Readonly<Record<string, string>> = {
  uri: simplerUri,
  iri: simplerUri,
  url: simplerUri,
  "multi-host-uri": simplerUri,
  "uri-reference": simplerReference,
  "iri-reference": simplerReference,
  email: simplerEmail,
  "idn-email": simplerEmail,
  "name-email": simplerEmail,
};

const languages = new Map<string, Language>();

/** A part of a format's strings that takes a smaller grammar together with lengths; undefined: there is none. */
export function simplerLanguage(format: string): Language | undefined {
  return Object.hasOwn(simplerPatterns, format) ? parsePattern(`^(${simplerPatterns[format]!})$`) : undefined;
}

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
