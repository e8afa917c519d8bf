/** Tools whose schemas have what real ones have; tiny-guide knows the first two. */
export const getWeather = tool("get_weather", "Get the current weather", {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
});
export const add = tool("add", "Add two numbers", {
  type: "object",
  properties: { a: { type: "integer" }, b: { type: "integer" } },
  required: ["a", "b"],
  additionalProperties: false,
});
export const createEvent = tool("create_event", "Create a calendar event", {
  type: "object",
  properties: {
    title: { type: "string", minLength: 3, maxLength: 20 },
    priority: { enum: ["low", "high", null] },
    attendees: {
      type: "array",
      minItems: 1,
      maxItems: 2,
      items: { $ref: "#/$defs/person" },
    },
    code: { type: "string", pattern: "^[A-Z]{2}-[0-9]{3}$" },
    share: { anyOf: [{ type: "number", minimum: 0, maximum: 1 }, { type: "boolean" }] },
  },
  required: ["title", "priority", "attendees", "code"],
  additionalProperties: false,
  $defs: {
    person: {
      type: "object",
      properties: { name: { type: "string", maxLength: 10 }, age: { type: "integer", minimum: 0, maximum: 150 } },
      required: ["name"],
      additionalProperties: false,
    },
  },
});

export interface ExampleTool {
  readonly type: "function";
  readonly function: { readonly name: string; readonly description: string; readonly parameters: object };
}

function tool(name: string, description: string, parameters: object): ExampleTool {
  return { type: "function", function: { name, description, parameters } };
}
