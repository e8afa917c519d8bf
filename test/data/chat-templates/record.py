"""
Records what Jinja2 makes of conversations.json with each template of a folder: python3 record.py FOLDER (needs jinja2).

Prompts are kept as hashes. Arguments of calls are given as objects, and where a template refuses these as JSON text.
"""

import copy
import hashlib
import json
import sys
from pathlib import Path

here = Path(__file__).parent
sys.path.insert(0, str(here.parent / "jinja"))
from environment import create_environment  # noqa: E402


def parse_arguments(conversation):
    parsed = copy.deepcopy(conversation)
    for message in parsed["messages"]:
        for call in message.get("tool_calls", []):
            call["function"]["arguments"] = json.loads(call["function"]["arguments"])
    return parsed


def render(template, conversation):
    return create_environment().from_string(template).render(
        messages=conversation["messages"],
        tools=conversation.get("tools"),
        documents=None,
        add_generation_prompt=conversation.get("gen", True),
        bos_token="<|bos|>",
        eos_token="<|eos|>",
        **conversation.get("kwargs", {}),
    )


def record(template, conversation):
    for form, given in (("object", parse_arguments(conversation)), ("text", conversation)):
        try:
            prompt = render(template, given)
        except Exception:
            continue
        return f"{form} {hashlib.sha256(prompt.encode()).hexdigest()[:24]}"
    return None


def main():
    conversations = json.loads((here / "conversations.json").read_text())
    recorded = {}
    for path in sorted(Path(sys.argv[1]).glob("*.jinja")):
        template = path.read_bytes().decode()
        recorded[path.stem] = [record(template, conversation) for conversation in conversations]
    (here / "recorded.json").write_text(json.dumps(recorded, indent=1) + "\n")
    prompts = [prompt for prompts in recorded.values() for prompt in prompts]
    print(len(recorded), "templates,", sum(prompt is not None for prompt in prompts), "prompts of", len(prompts))


main()
