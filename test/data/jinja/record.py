"""Records what Jinja2 makes of our cases, set up as Transformers sets it up: python3 record.py (needs jinja2)."""

import json
from pathlib import Path

from environment import create_environment

here = Path(__file__).parent
context = json.loads((here / "context.json").read_text())
cases = (here / "cases.txt").read_text().removesuffix("\n").split("\n")
# A backslash at the end of a line goes on in the next.
joined = "\n".join(cases).replace("\\\n", "\\\0").split("\n")
templates = [case.replace("\0", "\n") for case in joined] + json.loads((here / "whitespace.json").read_text())


def render(template):
    try:
        return create_environment().from_string(template).render(**context)
    except Exception:
        return None


recorded = [[template, render(template)] for template in templates]
lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in recorded)
(here / "recorded.json").write_text(f"[\n{lines}\n]\n")
print(len(recorded), "templates,", sum(text is None for _, text in recorded), "that Jinja2 refuses")
