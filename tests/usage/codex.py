"""A turn as Codex CLI sends it: its instructions, what was said and called so far, and all that it offers as tools."""

from typing import Any

Json = dict[str, Any]

INSTRUCTIONS = "You are a coding agent running in a terminal."
PERMISSIONS = "<permissions instructions>Ask before you write.</permissions instructions>"
PLACE = "<environment_context>\n  <cwd>/work</cwd>\n  <shell>bash</shell>\n</environment_context>"
THREAD = "0199c6b1-8b0f-7b52-9d3c-0c6f6d1b7c55"
SHELL: Json = {
    "type": "function",
    "name": "shell_command",
    "description": "Runs a command.",
    "strict": False,
    "parameters": {
        "type": "object",
        "properties": {"command": {"type": "string"}},
        "required": ["command"],
        "additionalProperties": False,
    },
}
GRAMMAR = {"type": "grammar", "syntax": "lark", "definition": 'start: "*** Begin Patch" LF'}
PATCH: Json = {"type": "custom", "name": "apply_patch", "description": "Edits files.", "format": GRAMMAR}
FIND: Json = {"type": "function", "name": "find", "description": "Finds a note.", "parameters": {"type": "object"}}
NOTES: Json = {"type": "namespace", "name": "mcp__notes", "description": "Notes.", "tools": [FIND]}
OF_THE_VENDOR: list[Json] = [
    {"type": "web_search", "external_web_access": False},
    {"type": "local_shell"},
    {"type": "tool_search", "description": "Finds tools."},
    {"type": "image_generation"},
]
MORE_TOOLS: Json = {
    "type": "additional_tools",
    "role": "developer",
    "tools": [{"type": "namespace", "name": "functions", "tools": [{"type": "custom", "name": "exec"}, SHELL]}],
}


def said(role: str, *texts: str) -> Json:
    """This will return a message with one part a text."""
    kind = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text} for text in texts]}


def first(question: str) -> list[Json]:
    """This will return the items of the first turn."""
    return [MORE_TOOLS, said("developer", PERMISSIONS), said("user", PLACE), said("user", question)]


def second(question: str) -> list[Json]:
    """This will return the items of the turn after a call of its shell."""
    return [
        *first(question),
        {"type": "reasoning", "summary": [], "content": None, "encrypted_content": "gAAAA"},
        said("assistant", "I look."),
        {"type": "function_call", "name": "shell_command", "arguments": '{"command":"ls"}', "call_id": "call_1"},
        {"type": "function_call", "name": "find", "namespace": "mcp__notes", "arguments": "{}", "call_id": "call_2"},
        {"type": "custom_tool_call", "name": "apply_patch", "input": "*** Begin Patch", "call_id": "call_3"},
        {"type": "tool_search_call", "call_id": "call_4", "execution": "client", "arguments": {"query": "notes"}},
        {"type": "tool_search_output", "call_id": "call_4", "execution": "client", "tools": []},
        {"type": "function_call_output", "call_id": "call_1", "output": "Exit code: 0\nOutput:\nREADME.md\n"},
        {
            "type": "function_call_output",
            "call_id": "call_2",
            "output": [{"type": "input_image", "image_url": "data:x"}],
        },
        {"type": "custom_tool_call_output", "call_id": "call_3", "output": "Done"},
    ]


def turn(items: list[Json], *, model: str = "fast") -> Json:
    """This will return the whole body."""
    return {
        "model": model,
        "instructions": INSTRUCTIONS,
        "input": items,
        "tools": [SHELL, PATCH, NOTES, *OF_THE_VENDOR],
        "tool_choice": "auto",
        "parallel_tool_calls": False,
        "reasoning": {"effort": "medium", "summary": "auto"},
        "store": False,
        "stream": True,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": THREAD,
        "text": {"verbosity": "low"},
        "client_metadata": {"x-codex-installation-id": THREAD},
    }
