import { choosingFilters } from "./choosing-filters.ts";
import type { Filter } from "./filter.ts";
import { listFilters } from "./list-filters.ts";
import { numberFilters } from "./number-filters.ts";
import { textFilters } from "./text-filters.ts";
import { urlize } from "./urlize.ts";
import { valueFilters } from "./value-filters.ts";

/** All filters by their names: Jinja2's own, and tojson as Transformers replaces it. */
export const filters: ReadonlyMap<string, Filter> = new Map(
  Object.entries({ ...textFilters, ...numberFilters, ...listFilters, ...choosingFilters, ...valueFilters, urlize }),
);
