#!/usr/bin/env python3
"""A scripted stand-in for hosted language models, for testing coding agents offline.

It listens on loopback, speaks four wire formats and answers each request from a
scenario file instead of a model:

  * Anthropic Messages       POST /v1/messages, /v1/messages/count_tokens
  * OpenAI Chat Completions  POST /v1/chat/completions
  * OpenAI Responses         POST /v1/responses
  * Gemini                   POST /v1beta/models/M:generateContent,
                             :streamGenerateContent, :countTokens

A scenario is an ordered list of turns.  A turn holds text, abstract actions (write a
file, run a command, call a tool), token figures, delays, and the faults to inject
first.  Actions are turned into whatever tools the calling client declared, so one
scenario drives clients with different tool sets.  Only the standard library is used.
"""

import argparse
import gzip
import json
import os
import re
import signal
import socket
import struct
import sys
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

VERSION = "1.0"


# --------------------------------------------------------------------------------------
# Scenarios
# --------------------------------------------------------------------------------------

class ScenarioError(Exception):
    """The scenario file is not usable; the message says where and why."""


TURN_KEYS = {
    "note", "when", "text", "thinking", "do", "usage", "model", "stop", "delay_ms",
    "chunk_delay_ms", "chunk_chars", "errors", "fault", "headers", "repeat", "needs",
}
ERROR_KEYS = {"status", "type", "message", "retry_after", "headers", "times", "body"}
FAULT_KEYS = {"kind", "after_events", "ms", "times", "type", "message"}
FAULT_KINDS = {"drop", "truncate", "stall", "stream_error"}
ACTION_KINDS = {"write", "edit", "read", "run", "call"}
SCENARIO_KEYS = {"name", "description", "turns", "routes", "after", "side", "toolless",
                 "usage", "cwd"}
ROUTE_KEYS = {"name", "when", "turns", "after"}


def check_keys(where, value, allowed):
    if not isinstance(value, dict):
        raise ScenarioError("%s: an object was expected" % where)
    extra = sorted(set(value) - allowed)
    if extra:
        raise ScenarioError("%s: unknown key %s (known: %s)"
                            % (where, ", ".join(extra), ", ".join(sorted(allowed))))


class Turn:
    """One scripted answer, with the faults that come before it."""

    def __init__(self, spec, where):
        check_keys(where, spec, TURN_KEYS)
        self.spec = spec
        self.where = where
        self.actions = spec.get("do", [])
        if not isinstance(self.actions, list):
            raise ScenarioError("%s.do: a list was expected" % where)
        for i, action in enumerate(self.actions):
            if not isinstance(action, dict) or len(action) != 1:
                raise ScenarioError("%s.do[%d]: one of %s was expected"
                                    % (where, i, ", ".join(sorted(ACTION_KINDS))))
            kind = next(iter(action))
            if kind not in ACTION_KINDS:
                raise ScenarioError("%s.do[%d]: unknown action %r" % (where, i, kind))
        self.errors = []
        for i, err in enumerate(spec.get("errors", [])):
            check_keys("%s.errors[%d]" % (where, i), err, ERROR_KEYS)
            times = err.get("times", 1)
            if times == "forever":
                times = 10 ** 9
            self.errors.append((int(times), err))
        self.fault = spec.get("fault")
        if self.fault is not None:
            check_keys(where + ".fault", self.fault, FAULT_KEYS)
            if self.fault.get("kind") not in FAULT_KINDS:
                raise ScenarioError("%s.fault.kind: one of %s was expected"
                                    % (where, ", ".join(sorted(FAULT_KINDS))))
        times = (self.fault or {}).get("times", 1)
        self.fault_times = 10 ** 9 if times == "forever" else int(times)
        self.repeat = int(spec.get("repeat", 1))

    def error_number(self, n):
        """The error to answer the n-th request for this turn with, or None."""
        for times, err in self.errors:
            if n < times:
                return err
            n -= times
        return None

    def error_count(self):
        return sum(times for times, _ in self.errors)


class Track:
    """An ordered list of turns and what to do once they are used up."""

    def __init__(self, name, turns, when, after, where):
        self.name = name
        self.when = when or {}
        check_keys(where + ".when", self.when, {"contains", "regex", "model"})
        self.after = after
        if after not in ("stop", "repeat_last", "error"):
            raise ScenarioError("%s.after: stop, repeat_last or error was expected" % where)
        if not isinstance(turns, list):
            raise ScenarioError("%s.turns: a list was expected" % where)
        self.turns = []
        for i, spec in enumerate(turns):
            turn = Turn(spec, "%s.turns[%d]" % (where, i))
            self.turns.extend([turn] * turn.repeat)

    def matches(self, req):
        text = req.all_user_text()
        if "contains" in self.when and self.when["contains"] not in text:
            return False
        if "regex" in self.when and not re.search(self.when["regex"], text):
            return False
        if "model" in self.when and not re.search(self.when["model"], req.model or ""):
            return False
        return True


class Scenario:
    def __init__(self, spec, name):
        check_keys(name, spec, SCENARIO_KEYS)
        self.name = spec.get("name", name)
        self.usage = spec.get("usage", {})
        self.cwd = spec.get("cwd")
        self.side = spec.get("side", {"text": "ok"})
        self.toolless = spec.get("toolless", "side")
        if self.toolless not in ("side", "main"):
            raise ScenarioError("%s.toolless: side or main was expected" % name)
        self.tracks = []
        for i, route in enumerate(spec.get("routes", [])):
            where = "%s.routes[%d]" % (name, i)
            check_keys(where, route, ROUTE_KEYS)
            self.tracks.append(Track(route.get("name", "route%d" % i), route.get("turns", []),
                                     route.get("when"), route.get("after", "stop"), where))
        self.tracks.append(Track("main", spec.get("turns", []), None,
                                 spec.get("after", "stop"), name))
        if not any(t.turns for t in self.tracks):
            raise ScenarioError("%s: it holds no turn" % name)

    @classmethod
    def load(cls, path):
        name = os.path.splitext(os.path.basename(path))[0]
        try:
            with open(path, encoding="utf-8") as handle:
                return cls(json.load(handle), name)
        except OSError as err:
            raise ScenarioError("%s: %s" % (path, err.strerror))
        except ValueError as err:
            raise ScenarioError("%s: not JSON: %s" % (path, err))


class Lane:
    """The state of one client's walk through a scenario."""

    def __init__(self, scenario):
        self.scenario = scenario
        self.pos = {t.name: 0 for t in scenario.tracks}
        self.tries = {}
        self.lock = threading.Lock()

    def next(self, req):
        """Decide how to answer: ('error'|'turn'|'after', track, turn, error, with_fault)."""
        with self.lock:
            track = next(t for t in self.scenario.tracks if t.matches(req))
            pos = self.pos[track.name]
            if pos >= len(track.turns):
                if track.after == "repeat_last" and track.turns:
                    return "turn", track, track.turns[-1], None, False
                return "after", track, None, None, False
            turn = track.turns[pos]
            needs = turn.spec.get("needs")
            if needs and req.tools and find_named(req.tools, needs) is None:
                # A client may speak before its own tools have come up.
                return "turn", track, Turn({"do": [{"run": {"command": "sleep 0.3"}}]},
                                           "%s: %s is not there yet" % (track.name, needs)), \
                    None, False
            key = (track.name, pos)
            tries = self.tries.get(key, 0)
            self.tries[key] = tries + 1
            err = turn.error_number(tries)
            if err is not None:
                return "error", track, turn, err, False
            faulty = turn.fault is not None and tries - turn.error_count() < turn.fault_times
            lets_pass = faulty and turn.fault["kind"] == "stall"
            if not faulty or lets_pass:
                self.pos[track.name] = pos + 1
            return "turn", track, turn, None, faulty

    def state(self):
        with self.lock:
            return {"scenario": self.scenario.name,
                    "tracks": [{"name": t.name, "served": self.pos[t.name],
                                "of": len(t.turns)} for t in self.scenario.tracks]}


# --------------------------------------------------------------------------------------
# Requests: what the four formats have in common
# --------------------------------------------------------------------------------------

class Tool:
    """A tool that the client declared."""

    def __init__(self, name, schema=None, kind="function", namespace=None):
        self.name = name
        self.kind = kind
        self.namespace = namespace
        schema = schema if isinstance(schema, dict) else {}
        self.props = schema.get("properties") or {}
        self.required = schema.get("required") or []


def text_of(content):
    """Plain text of a message's content in any of the formats."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(filter(None, (text_of(part) for part in content)))
    if isinstance(content, dict):
        if "functionResponse" in content:
            return json.dumps((content["functionResponse"] or {}).get("response"))
        for key in ("text", "content", "parts", "output"):
            if key in content and key != "type":
                return text_of(content[key])
    return ""


class Request:
    """One request, reduced to what the scenario logic needs."""

    api = "?"

    def __init__(self, body, model=None, stream=False):
        self.body = body
        self.model = model or body.get("model")
        self.stream = stream
        self.system = ""
        self.messages = []      # (role, text)
        self.tools = []
        self.schema = None      # a JSON schema that the answer must satisfy
        self.parse()

    def parse(self):
        raise NotImplementedError

    def all_user_text(self):
        return "\n".join(text for role, text in self.messages if role != "assistant")

    def last_user(self):
        for role, text in reversed(self.messages):
            if role == "user" and text:
                return text
        return ""

    def heard(self):
        """What the client's last tool said, in one line that can stand in single quotes."""
        text = self.messages[-1][1] if self.messages else ""
        return " ".join(text.replace("'", "").split())[:400]

    def cwd(self):
        """The client's working directory, as most coding agents put it into the prompt."""
        text = self.system + "\n" + self.all_user_text()
        for pattern in (r"<cwd>([^<]+)</cwd>",
                        r"[Ww]orking directory:?\s*`?(/[^\s`'\"]+)",
                        r"[Cc]urrent directory:?\s*`?(/[^\s`'\"]+)",
                        r"directory:\s*(/[^\s`'\"]+)"):
            found = re.search(pattern, text)
            if found:
                return found.group(1).rstrip(".,")
        return None

    def rough_tokens(self):
        return max(1, len(json.dumps(self.body)) // 4)


class AnthropicRequest(Request):
    api = "anthropic"

    def parse(self):
        body = self.body
        self.stream = bool(body.get("stream"))
        self.system = text_of(body.get("system"))
        for msg in body.get("messages", []):
            self.messages.append((msg.get("role"), text_of(msg.get("content"))))
        for tool in body.get("tools", []) or []:
            if "input_schema" in tool:
                self.tools.append(Tool(tool.get("name"), tool["input_schema"]))
        fmt = body.get("output_format") or (body.get("output_config") or {}).get("format") or {}
        self.schema = fmt.get("schema")


class ChatRequest(Request):
    api = "openai-chat"

    def parse(self):
        body = self.body
        self.stream = bool(body.get("stream"))
        for msg in body.get("messages", []):
            role = msg.get("role")
            if role in ("system", "developer"):
                self.system += text_of(msg.get("content")) + "\n"
            else:
                self.messages.append((role, text_of(msg.get("content"))))
        for tool in body.get("tools", []) or []:
            fn = tool.get("function") or {}
            self.tools.append(Tool(fn.get("name"), fn.get("parameters")))
        fmt = body.get("response_format") or {}
        self.schema = (fmt.get("json_schema") or {}).get("schema")


class ResponsesRequest(Request):
    api = "openai-responses"

    def parse(self):
        body = self.body
        self.stream = bool(body.get("stream"))
        self.system = text_of(body.get("instructions"))
        items = body.get("input", [])
        if isinstance(items, str):
            items = [{"role": "user", "content": items}]
        tools = list(body.get("tools", []) or [])
        for item in items:
            role = item.get("role")
            if role in ("system", "developer"):
                self.system += "\n" + text_of(item.get("content"))
            elif role:
                self.messages.append((role, text_of(item.get("content"))))
            elif str(item.get("type", "")).endswith("_output"):
                self.messages.append(("tool", text_of(item.get("output"))))
            if item.get("type") in ("additional_tools", "tool_search_output"):
                tools.extend(item.get("tools") or [])
        for tool in tools:
            self.add_tool(tool, None)
        self.schema = ((body.get("text") or {}).get("format") or {}).get("schema")

    def add_tool(self, tool, namespace):
        kind = tool.get("type")
        if kind == "namespace":
            for inner in tool.get("tools") or []:
                self.add_tool(inner, tool.get("name"))
        elif kind == "function":
            self.tools.append(Tool(tool.get("name"), tool.get("parameters"),
                                   namespace=namespace))
        elif kind in ("custom", "local_shell"):
            self.tools.append(Tool(tool.get("name") or kind, None, kind, namespace))


class GeminiRequest(Request):
    api = "gemini"

    def parse(self):
        body = self.body
        self.system = text_of(body.get("systemInstruction") or body.get("system_instruction"))
        for msg in body.get("contents", []) or []:
            role = "assistant" if msg.get("role") == "model" else "user"
            self.messages.append((role, text_of(msg.get("parts"))))
        for group in body.get("tools", []) or []:
            for fn in group.get("functionDeclarations", []) or []:
                schema = fn.get("parametersJsonSchema") or fn.get("parameters")
                self.tools.append(Tool(fn.get("name"), schema))
        cfg = body.get("generationConfig") or {}
        self.schema = cfg.get("responseJsonSchema") or cfg.get("responseSchema")
        if self.schema is None and cfg.get("responseMimeType") == "application/json":
            self.schema = {"type": "object"}


# --------------------------------------------------------------------------------------
# Replies: abstract actions become the client's own tools
# --------------------------------------------------------------------------------------

WRITE_TOOLS = ("write", "write_file", "writefile", "create_file", "file_write")
EDIT_TOOLS = ("edit", "replace", "edit_file", "str_replace", "search_replace")
READ_TOOLS = ("read", "read_file", "readfile", "view", "open_file")
RUN_TOOLS = ("bash", "run_shell_command", "shell", "exec_command", "shell_command",
             "execute_command", "run_command", "terminal", "local_shell", "execute")
PATH_PROPS = ("file_path", "filePath", "path", "absolute_path", "filename", "file")
CONTENT_PROPS = ("content", "contents", "file_text", "text", "file_content")
OLD_PROPS = ("old_string", "oldString", "old_str", "old_text", "search")
NEW_PROPS = ("new_string", "newString", "new_str", "new_text", "replace", "replacement")
COMMAND_PROPS = ("command", "cmd", "commands", "script")


class Call:
    """A tool call of the reply: JSON arguments, or free text for a custom tool."""

    def __init__(self, tool, args=None, raw=None):
        self.tool = tool
        self.args = args
        self.raw = raw
        self.id = None


def pick(tools, names):
    by_name = {}
    for tool in tools:
        by_name.setdefault((tool.name or "").lower(), tool)
    for name in names:
        if name in by_name:
            return by_name[name]
    return None


def find_named(tools, wanted):
    """A tool by its full name, or by the last part of a prefixed name (a tool of an MCP
    server is `server__tool`, `mcp__server__tool`, `server_tool`… depending on the client)."""
    for tool in tools:
        full = "%s%s" % (tool.namespace or "", tool.name)
        if wanted in (tool.name, full):
            return tool
    for tool in tools:
        if re.search(r"(^|[^A-Za-z0-9])%s$" % re.escape(wanted), tool.name or ""):
            return tool
    return None


def prop_of(tool, names, default):
    for name in names:
        if name in tool.props:
            return name
    return default


def fill_required(tool, args, note):
    """Give every required property that is still missing a harmless value."""
    for name in tool.required:
        if name in args:
            continue
        args[name] = note if (tool.props.get(name) or {}).get("type") == "string" \
            else sample(tool.props.get(name) or {})
    return args


def heredoc(path, content):
    if not content.endswith("\n"):
        content += "\n"
    folder = os.path.dirname(path)
    make = "mkdir -p %s && " % shell_quote(folder) if folder else ""
    return "%scat > %s <<'END_OF_FILE'\n%sEND_OF_FILE" % (make, shell_quote(path), content)


def shell_quote(text):
    return "'" + text.replace("'", "'\\''") + "'"


def run_call(tool, command, extra=None):
    name = prop_of(tool, COMMAND_PROPS, "command")
    if tool.kind == "local_shell":
        return Call(tool, {"command": ["bash", "-lc", command]})
    kind = (tool.props.get(name) or {}).get("type")
    args = {name: ["bash", "-lc", command] if kind == "array" else command}
    for key, value in (extra or {}).items():
        if key in tool.props:
            args[key] = value
    return Call(tool, fill_required(tool, args, "scripted command"))


def act(action, req):
    """An action as a Call, or as a str when the client has no tool for it."""
    kind, spec = next(iter(action.items()))
    tools = req.tools
    if kind == "call":
        tool = find_named(tools, spec["tool"])
        if tool is None and spec.get("force"):
            tool = Tool(spec["tool"])
        if tool is None:
            return "(no tool named %s was declared)" % spec["tool"]
        if tool.kind == "custom":
            return Call(tool, raw=spec.get("input", ""))
        return Call(tool, dict(spec.get("args", {})))
    if kind == "run":
        tool = pick(tools, RUN_TOOLS)
        if tool is None:
            return "```bash\n%s\n```" % spec["command"]
        return run_call(tool, spec["command"], spec.get("extra"))
    if kind == "read":
        tool = pick(tools, READ_TOOLS)
        if tool is None:
            shell = pick(tools, RUN_TOOLS)
            return run_call(shell, "cat " + shell_quote(spec["path"])) if shell else ""
        return Call(tool, fill_required(tool, {prop_of(tool, PATH_PROPS, "path"): spec["path"]},
                                        "scripted read"))
    if kind == "write":
        tool = pick(tools, WRITE_TOOLS)
        if tool is not None:
            return Call(tool, fill_required(tool, {
                prop_of(tool, PATH_PROPS, "path"): spec["path"],
                prop_of(tool, CONTENT_PROPS, "content"): spec["content"]}, "scripted write"))
        shell = pick(tools, RUN_TOOLS)
        if shell is not None:
            return run_call(shell, heredoc(spec["path"], spec["content"]))
        content = spec["content"] if spec["content"].endswith("\n") else spec["content"] + "\n"
        return "%s\n```\n%s```" % (spec["path"], content)
    # edit
    tool = pick(tools, EDIT_TOOLS)
    if tool is not None and prop_of(tool, OLD_PROPS, None):
        return Call(tool, fill_required(tool, {
            prop_of(tool, PATH_PROPS, "path"): spec["path"],
            prop_of(tool, OLD_PROPS, "old_string"): spec["old"],
            prop_of(tool, NEW_PROPS, "new_string"): spec["new"]}, "scripted edit"))
    patch = pick(tools, ("apply_patch",))
    if patch is not None:
        text = "*** Begin Patch\n*** Update File: %s\n@@\n%s\n%s\n*** End Patch\n" % (
            spec["path"],
            "\n".join("-" + line for line in spec["old"].rstrip("\n").split("\n")),
            "\n".join("+" + line for line in spec["new"].rstrip("\n").split("\n")))
        if patch.kind == "custom":
            return Call(patch, raw=text)
        return Call(patch, {prop_of(patch, ("input", "patch"), "input"): text})
    shell = pick(tools, RUN_TOOLS)
    if shell is not None:
        script = ("import pathlib; p = pathlib.Path(%r); "
                  "p.write_text(p.read_text().replace(%r, %r, 1))"
                  % (spec["path"], spec["old"], spec["new"]))
        return run_call(shell, "python3 -c " + shell_quote(script))
    return "%s\n```\n<<<<<<< SEARCH\n%s\n=======\n%s\n>>>>>>> REPLACE\n```" % (
        spec["path"], spec["old"].rstrip("\n"), spec["new"].rstrip("\n"))


def sample(schema, depth=0):
    """The smallest value that satisfies a JSON schema (common keywords only)."""
    if not isinstance(schema, dict) or depth > 8:
        return None
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return sample(schema[key][0], depth + 1)
    kind = schema.get("type", "object")
    if isinstance(kind, list):
        kind = kind[0]
    kind = str(kind).lower()
    if kind == "object":
        props = schema.get("properties") or {}
        return {k: sample(props.get(k) or {"type": "string"}, depth + 1)
                for k in schema.get("required") or list(props)}
    if kind == "array":
        return [sample(schema.get("items") or {}, depth + 1)
                for _ in range(schema.get("minItems", 0))]
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    if kind == "boolean":
        return False
    if kind == "null":
        return None
    return "ok"


class Reply:
    """What goes back to the client, still independent of the wire format."""

    def __init__(self, req, model, seq):
        self.model = model
        self.seq = seq
        self.parts = []         # ("thinking", str) | ("text", str) | ("call", Call)
        self.usage = {}
        self.stop = None
        self.chunk_chars = 40
        self.req = req

    def calls(self):
        return [c for kind, c in self.parts if kind == "call"]

    def text(self):
        return "\n".join(t for kind, t in self.parts if kind == "text")

    def add_call(self, call):
        call.id = "%s%06d%02d" % ("call_", self.seq, len(self.calls()))
        self.parts.append(("call", call))


USAGE_KEYS = ("input", "output", "cache_read", "cache_write", "reasoning")


def full_usage(req, reply, *layers):
    out = {"input": req.rough_tokens(), "cache_read": 0, "cache_write": 0, "reasoning": 0,
           "output": max(1, len(json.dumps([t if k != "call" else (t.args or t.raw)
                                            for k, t in reply.parts])) // 4)}
    for layer in layers:
        for key in layer or {}:
            if key not in USAGE_KEYS:
                raise ScenarioError("usage: unknown key %r (known: %s)"
                                    % (key, ", ".join(USAGE_KEYS)))
        out.update(layer or {})
    return out


def expand(value, names):
    """Replace ${name} in every string of a JSON value."""
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)\}", lambda m: str(names.get(m.group(1), m.group(0))), value)
    if isinstance(value, list):
        return [expand(v, names) for v in value]
    if isinstance(value, dict):
        return {k: expand(v, names) for k, v in value.items()}
    return value


def build_reply(req, spec, actions, scenario, seq, cwd):
    names = {"cwd": scenario.cwd or cwd or req.cwd() or ".", "seq": seq, "model": req.model,
             "heard": req.heard()}
    spec = expand({k: v for k, v in spec.items() if k in ("text", "thinking")}, names)
    reply = Reply(req, req.model, seq)
    texts = [spec["text"]] if spec.get("text") else []
    if spec.get("thinking"):
        reply.parts.append(("thinking", spec["thinking"]))
    calls = []
    for action in expand(actions, names):
        made = act(action, req)
        if isinstance(made, Call):
            calls.append(made)
        elif made:
            texts.append(made)
    if texts:
        reply.parts.append(("text", "\n\n".join(texts)))
    for call in calls:
        reply.add_call(call)
    return reply


# --------------------------------------------------------------------------------------
# The four wire formats: whole answers, event streams and errors
# --------------------------------------------------------------------------------------

def pieces(text, size):
    return [text[i:i + size] for i in range(0, len(text), size)] or [""]


class Wire:
    """An encoder; `events` yields (event name or None, JSON value)."""

    done_marker = None

    def whole(self, reply):
        raise NotImplementedError

    def events(self, reply):
        raise NotImplementedError

    def stream_error(self, kind, message):
        raise NotImplementedError

    def error(self, status, kind, message, retry_after):
        raise NotImplementedError


ERROR_NAMES = {400: "invalid_request_error", 401: "authentication_error",
               403: "permission_error", 404: "not_found_error", 413: "request_too_large",
               429: "rate_limit_error", 500: "api_error", 503: "overloaded_error",
               529: "overloaded_error"}


class AnthropicWire(Wire):
    def usage(self, use):
        return {"input_tokens": use["input"], "output_tokens": use["output"],
                "cache_creation_input_tokens": use["cache_write"],
                "cache_read_input_tokens": use["cache_read"],
                "cache_creation": {"ephemeral_5m_input_tokens": use["cache_write"],
                                   "ephemeral_1h_input_tokens": 0},
                "service_tier": "standard"}

    def block(self, kind, value):
        if kind == "text":
            return {"type": "text", "text": value}
        if kind == "thinking":
            return {"type": "thinking", "thinking": value, "signature": "c2NyaXB0ZWQ="}
        return {"type": "tool_use", "id": "toolu_" + value.id[5:], "name": value.tool.name,
                "input": value.args}

    def message(self, reply):
        return {"id": "msg_%08d" % reply.seq, "type": "message", "role": "assistant",
                "model": reply.model, "content": [], "stop_reason": None,
                "stop_sequence": None, "usage": self.usage(reply.usage)}

    def stop_reason(self, reply):
        return reply.stop or ("tool_use" if reply.calls() else "end_turn")

    def whole(self, reply):
        msg = self.message(reply)
        msg["content"] = [self.block(k, v) for k, v in reply.parts]
        msg["stop_reason"] = self.stop_reason(reply)
        return msg

    def events(self, reply):
        msg = self.message(reply)
        msg["usage"]["output_tokens"] = 1
        yield "message_start", {"type": "message_start", "message": msg}
        for i, (kind, value) in enumerate(reply.parts):
            block = self.block(kind, value)
            if kind == "text":
                block["text"] = ""
                deltas = [{"type": "text_delta", "text": p}
                          for p in pieces(value, reply.chunk_chars)]
            elif kind == "thinking":
                block["thinking"] = block["signature"] = ""
                deltas = [{"type": "thinking_delta", "thinking": p}
                          for p in pieces(value, reply.chunk_chars)]
                deltas.append({"type": "signature_delta", "signature": "c2NyaXB0ZWQ="})
            else:
                block["input"] = {}
                deltas = [{"type": "input_json_delta", "partial_json": p}
                          for p in pieces(json.dumps(value.args), reply.chunk_chars)]
            yield "content_block_start", {"type": "content_block_start", "index": i,
                                          "content_block": block}
            for delta in deltas:
                yield "content_block_delta", {"type": "content_block_delta", "index": i,
                                              "delta": delta}
            yield "content_block_stop", {"type": "content_block_stop", "index": i}
        yield "message_delta", {"type": "message_delta",
                                "delta": {"stop_reason": self.stop_reason(reply),
                                          "stop_sequence": None},
                                "usage": self.usage(reply.usage)}
        yield "message_stop", {"type": "message_stop"}

    def stream_error(self, kind, message):
        return "error", {"type": "error", "error": {"type": kind, "message": message}}

    def error(self, status, kind, message, retry_after):
        return {"type": "error", "error": {"type": kind or ERROR_NAMES.get(status, "api_error"),
                                           "message": message}, "request_id": "req_scripted"}


class OpenAIWire(Wire):
    def error(self, status, kind, message, retry_after):
        kind = kind or ERROR_NAMES.get(status, "server_error")
        return {"error": {"message": message, "type": kind, "param": None, "code": kind}}


class ChatWire(OpenAIWire):
    done_marker = "[DONE]"

    def usage(self, use):
        prompt = use["input"] + use["cache_read"] + use["cache_write"]
        return {"prompt_tokens": prompt, "completion_tokens": use["output"],
                "total_tokens": prompt + use["output"],
                "prompt_tokens_details": {"cached_tokens": use["cache_read"]},
                "completion_tokens_details": {"reasoning_tokens": use["reasoning"]}}

    def call(self, call):
        return {"id": call.id, "type": "function",
                "function": {"name": call.tool.name, "arguments": json.dumps(call.args)}}

    def finish(self, reply):
        return reply.stop or ("tool_calls" if reply.calls() else "stop")

    def whole(self, reply):
        msg = {"role": "assistant", "content": reply.text() or None}
        if reply.calls():
            msg["tool_calls"] = [self.call(c) for c in reply.calls()]
        return {"id": "chatcmpl-%08d" % reply.seq, "object": "chat.completion",
                "created": int(time.time()), "model": reply.model,
                "choices": [{"index": 0, "message": msg, "finish_reason": self.finish(reply)}],
                "usage": self.usage(reply.usage)}

    def events(self, reply):
        def chunk(delta, finish=None):
            return None, {"id": "chatcmpl-%08d" % reply.seq, "object": "chat.completion.chunk",
                          "created": int(time.time()), "model": reply.model,
                          "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

        yield chunk({"role": "assistant", "content": ""})
        number = 0
        for kind, value in reply.parts:
            if kind == "thinking":
                for p in pieces(value, reply.chunk_chars):
                    yield chunk({"reasoning_content": p})
            elif kind == "text":
                for p in pieces(value, reply.chunk_chars):
                    yield chunk({"content": p})
            else:
                call = self.call(value)
                args = call["function"]["arguments"]
                call["function"] = {"name": call["function"]["name"], "arguments": ""}
                yield chunk({"tool_calls": [dict(call, index=number)]})
                for p in pieces(args, reply.chunk_chars):
                    yield chunk({"tool_calls": [{"index": number, "function": {"arguments": p}}]})
                number += 1
        yield chunk({}, self.finish(reply))
        name, last = chunk({})
        last["choices"] = []
        last["usage"] = self.usage(reply.usage)
        yield name, last

    def stream_error(self, kind, message):
        return None, {"error": {"message": message, "type": kind, "code": kind}}


class ResponsesWire(OpenAIWire):
    def usage(self, use):
        prompt = use["input"] + use["cache_read"] + use["cache_write"]
        return {"input_tokens": prompt,
                "input_tokens_details": {"cached_tokens": use["cache_read"]},
                "output_tokens": use["output"],
                "output_tokens_details": {"reasoning_tokens": use["reasoning"]},
                "total_tokens": prompt + use["output"]}

    def items(self, reply):
        for i, (kind, value) in enumerate(reply.parts):
            ident = "item_%08d_%d" % (reply.seq, i)
            if kind == "thinking":
                yield {"type": "reasoning", "id": ident,
                       "summary": [{"type": "summary_text", "text": value}]}
            elif kind == "text":
                yield {"type": "message", "id": ident, "role": "assistant",
                       "status": "completed",
                       "content": [{"type": "output_text", "text": value, "annotations": []}]}
            elif value.tool.kind == "custom":
                item = {"type": "custom_tool_call", "id": ident, "call_id": value.id,
                        "name": value.tool.name, "input": value.raw, "status": "completed"}
                if value.tool.namespace:
                    item["namespace"] = value.tool.namespace
                yield item
            elif value.tool.kind == "local_shell":
                yield {"type": "local_shell_call", "id": ident, "call_id": value.id,
                       "status": "completed", "action": dict(value.args, type="exec")}
            else:
                item = {"type": "function_call", "id": ident, "call_id": value.id,
                        "name": value.tool.name, "arguments": json.dumps(value.args),
                        "status": "completed"}
                if value.tool.namespace:
                    item["namespace"] = value.tool.namespace
                yield item

    def response(self, reply, status, output, usage):
        return {"id": "resp_%08d" % reply.seq, "object": "response",
                "created_at": int(time.time()), "status": status, "model": reply.model,
                "output": output, "usage": usage, "error": None, "incomplete_details": None,
                "parallel_tool_calls": True, "tools": [], "metadata": {}}

    def whole(self, reply):
        return self.response(reply, "completed", list(self.items(reply)),
                             self.usage(reply.usage))

    def events(self, reply):
        number = [0]

        def event(kind, **data):
            number[0] += 1
            return kind, dict(data, type=kind, sequence_number=number[0])

        yield event("response.created",
                    response=self.response(reply, "in_progress", [], None))
        items = list(self.items(reply))
        for i, item in enumerate(items):
            empty = dict(item, status="in_progress")
            if item["type"] == "message":
                empty["content"] = []
            elif item["type"] == "function_call":
                empty["arguments"] = ""
            elif item["type"] == "custom_tool_call":
                empty["input"] = ""
            elif item["type"] == "reasoning":
                empty["summary"] = []
            yield event("response.output_item.added", output_index=i, item=empty)
            at = {"item_id": item["id"], "output_index": i}
            if item["type"] == "message":
                text = item["content"][0]["text"]
                yield event("response.content_part.added", content_index=0,
                            part={"type": "output_text", "text": "", "annotations": []}, **at)
                for p in pieces(text, reply.chunk_chars):
                    yield event("response.output_text.delta", content_index=0, delta=p, **at)
                yield event("response.output_text.done", content_index=0, text=text, **at)
                yield event("response.content_part.done", content_index=0,
                            part=item["content"][0], **at)
            elif item["type"] == "function_call":
                for p in pieces(item["arguments"], reply.chunk_chars):
                    yield event("response.function_call_arguments.delta", delta=p, **at)
                yield event("response.function_call_arguments.done",
                            arguments=item["arguments"], **at)
            elif item["type"] == "custom_tool_call":
                for p in pieces(item["input"], reply.chunk_chars):
                    yield event("response.custom_tool_call_input.delta", delta=p, **at)
                yield event("response.custom_tool_call_input.done", input=item["input"], **at)
            yield event("response.output_item.done", output_index=i, item=item)
        yield event("response.completed",
                    response=self.response(reply, "completed", items,
                                           self.usage(reply.usage)))

    def stream_error(self, kind, message):
        return "response.failed", {"type": "response.failed", "response": {
            "id": "resp_failed", "object": "response", "status": "failed", "output": [],
            "error": {"code": kind, "message": message}}}


GOOGLE_STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED",
                 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL",
                 503: "UNAVAILABLE", 529: "UNAVAILABLE"}


class GeminiWire(Wire):
    def usage(self, use):
        prompt = use["input"] + use["cache_read"] + use["cache_write"]
        out = {"promptTokenCount": prompt, "candidatesTokenCount": use["output"],
               "totalTokenCount": prompt + use["output"] + use["reasoning"]}
        if use["cache_read"]:
            out["cachedContentTokenCount"] = use["cache_read"]
        if use["reasoning"]:
            out["thoughtsTokenCount"] = use["reasoning"]
        return out

    def chunk(self, reply, parts, finish=None):
        candidate = {"content": {"role": "model", "parts": parts}, "index": 0}
        if finish:
            candidate["finishReason"] = finish
        return {"candidates": [candidate], "usageMetadata": self.usage(reply.usage),
                "modelVersion": reply.model, "responseId": "resp%08d" % reply.seq}

    def part(self, kind, value):
        if kind == "text":
            return {"text": value}
        if kind == "thinking":
            return {"text": value, "thought": True}
        return {"functionCall": {"id": value.id, "name": value.tool.name, "args": value.args}}

    def whole(self, reply):
        return self.chunk(reply, [self.part(k, v) for k, v in reply.parts],
                          reply.stop or "STOP")

    def events(self, reply):
        for kind, value in reply.parts:
            if kind == "call":
                yield None, self.chunk(reply, [self.part(kind, value)])
            else:
                for p in pieces(value, reply.chunk_chars):
                    yield None, self.chunk(reply, [self.part(kind, p)])
        yield None, self.chunk(reply, [{"text": ""}], reply.stop or "STOP")

    def stream_error(self, kind, message):
        return None, self.error(503, None, message, None)

    def error(self, status, kind, message, retry_after):
        details = []
        if retry_after is not None:
            details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo",
                            "retryDelay": "%ss" % retry_after})
        return {"error": {"code": status, "message": message,
                          "status": kind if kind and kind.isupper()
                          else GOOGLE_STATUS.get(status, "UNKNOWN"),
                          "details": details}}


WIRES = {"anthropic": AnthropicWire(), "openai-chat": ChatWire(),
         "openai-responses": ResponsesWire(), "gemini": GeminiWire()}


# --------------------------------------------------------------------------------------
# The server
# --------------------------------------------------------------------------------------

SECRET_HEADERS = {"authorization", "x-api-key", "x-goog-api-key", "cookie"}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address, options, scenarios, default):
        super().__init__(address, Handler)
        self.options = options
        self.scenarios = scenarios
        self.default = default
        self.lanes = {}
        self.lock = threading.Lock()
        self.seq = 0
        self.records = []
        self.log_file = open(options.log, "a", encoding="utf-8") if options.log else None

    def lane(self, scenario, name):
        with self.lock:
            key = (scenario.name, name)
            if key not in self.lanes:
                self.lanes[key] = Lane(scenario)
            return self.lanes[key]

    def number(self):
        with self.lock:
            self.seq += 1
            return self.seq

    def reset(self):
        with self.lock:
            self.lanes.clear()
            self.records.clear()

    def state(self):
        with self.lock:
            lanes = list(self.lanes.items())
        return {"lanes": [dict(lane.state(), lane=name) for (_, name), lane in lanes]}

    def record(self, entry):
        with self.lock:
            self.records.append(entry)
            if self.log_file:
                self.log_file.write(json.dumps(entry) + "\n")
                self.log_file.flush()
            if not self.options.quiet:
                print("%(seq)4s %(lane)s %(method)s %(path)s -> %(status)s %(decision)s"
                      % entry, file=sys.stderr, flush=True)

    def handle_error(self, request, client_address):
        kind = sys.exc_info()[0]
        if kind not in (BrokenPipeError, ConnectionResetError, TimeoutError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "model-server/" + VERSION

    def log_message(self, *args):
        pass

    # -- plumbing ----------------------------------------------------------------------

    def read_body(self):
        if (self.headers.get("transfer-encoding") or "").lower() == "chunked":
            data = b""
            while True:
                size = int(self.rfile.readline().split(b";")[0].strip() or b"0", 16)
                if size == 0:
                    while self.rfile.readline().strip():
                        pass
                    break
                data += self.rfile.read(size)
                self.rfile.readline()
        else:
            data = self.rfile.read(int(self.headers.get("content-length") or 0))
        coding = (self.headers.get("content-encoding") or "").lower()
        if coding == "gzip":
            data = gzip.decompress(data)
        elif coding == "deflate":
            data = zlib.decompress(data)
        return data

    def send_json(self, status, value, headers=None):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.send_header("request-id", "req_%08d" % self.entry["seq"])
        for name, text in (headers or {}).items():
            self.send_header(name, str(text))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
        self.entry["status"] = status

    def finish_entry(self):
        self.entry["ms"] = int((time.time() - self.entry["time"]) * 1000)
        self.server.record(self.entry)

    def start_entry(self):
        self.entry = {"seq": self.server.number(), "time": time.time(), "lane": "-",
                      "method": self.command, "path": self.path, "api": None,
                      "decision": "", "status": 0,
                      "headers": {k.lower(): ("…" if k.lower() in SECRET_HEADERS else v)
                                  for k, v in self.headers.items()}}

    # -- verbs -------------------------------------------------------------------------

    def do_GET(self):
        self.start_entry()
        try:
            self.route_get()
        finally:
            if not self.path.startswith("/__admin"):
                self.finish_entry()

    do_HEAD = do_GET

    def do_POST(self):
        self.start_entry()
        try:
            self.route_post()
        except (BrokenPipeError, ConnectionResetError):
            self.entry["decision"] += " (client went away)"
            self.close_connection = True
        finally:
            if not self.path.startswith("/__admin"):
                self.finish_entry()

    def select(self, path):
        """Split /s/SCENARIO[/LANE]/rest; without that prefix the default scenario serves."""
        found = re.match(r"^/s/([^/]+)(?:/(?!v1(?:beta)?(?:/|$))([^/]+))?(/.*)?$", path)
        if not found:
            return self.server.default, "-", path
        scenario = self.server.scenarios.get(found.group(1))
        return scenario, found.group(2) or "-", found.group(3) or "/"

    def models(self):
        names = self.server.options.models
        if "anthropic-version" in self.headers:
            return {"data": [{"type": "model", "id": n, "display_name": n,
                              "created_at": "2025-01-01T00:00:00Z"} for n in names],
                    "has_more": False, "first_id": names[0], "last_id": names[-1]}
        return {"object": "list", "data": [{"id": n, "object": "model", "created": 1735689600,
                                            "owned_by": "scripted"} for n in names]}

    def route_get(self):
        url = urlsplit(self.path)
        if url.path == "/__admin/state":
            return self.send_json(200, self.server.state())
        if url.path == "/__admin/requests":
            with self.server.lock:
                records = list(self.server.records)
            return self.send_json(200, {"requests": records})
        _, lane, rest = self.select(url.path)
        self.entry["lane"] = lane
        if rest in ("/", "/healthz"):
            self.entry["decision"] = "health"
            return self.send_json(200, {"ok": True, "server": "model-server " + VERSION})
        if rest.rstrip("/") in ("/v1/models", "/models"):
            self.entry["decision"] = "models"
            return self.send_json(200, self.models())
        if rest.rstrip("/") == "/v1beta/models":
            self.entry["decision"] = "models"
            return self.send_json(200, {"models": [{"name": "models/" + n}
                                                   for n in self.server.options.models]})
        self.entry["decision"] = "unknown path"
        self.send_json(404, {"error": {"message": "no such path: " + rest, "code": 404}})

    def route_post(self):
        url = urlsplit(self.path)
        data = self.read_body()
        if url.path == "/__admin/reset":
            self.server.reset()
            return self.send_json(200, {"ok": True})
        scenario, lane, rest = self.select(url.path)
        self.entry["lane"] = lane
        if scenario is None:
            self.entry["decision"] = "unknown scenario"
            return self.send_json(404, {"error": {"message": "no such scenario", "code": 404}})
        try:
            body = json.loads(data or b"{}")
            if not isinstance(body, dict):
                raise ValueError("an object was expected")
        except ValueError as err:
            self.entry["decision"] = "bad JSON"
            return self.send_json(400, {"error": {"message": "bad JSON: %s" % err}})
        if self.server.options.dump:
            name = os.path.join(self.server.options.dump, "%05d.json" % self.entry["seq"])
            with open(name, "w", encoding="utf-8") as handle:
                json.dump({"path": self.path, "headers": self.entry["headers"],
                           "body": body}, handle, indent=1)
        gem = re.match(r"^(?:/v\w+)?/models/([^:]+):(\w+)$", rest)
        if rest == "/v1/messages/count_tokens":
            self.entry.update(api="anthropic", decision="count_tokens")
            return self.send_json(200, {"input_tokens": max(1, len(data) // 4)})
        if rest == "/v1/messages":
            return self.answer(AnthropicRequest(body), scenario, lane)
        if rest.endswith("/chat/completions"):
            return self.answer(ChatRequest(body), scenario, lane)
        if rest.endswith("/responses"):
            return self.answer(ResponsesRequest(body), scenario, lane)
        if gem and gem.group(2) == "countTokens":
            self.entry.update(api="gemini", decision="count_tokens")
            return self.send_json(200, {"totalTokens": max(1, len(data) // 4)})
        if gem and gem.group(2) in ("generateContent", "streamGenerateContent"):
            stream = gem.group(2) == "streamGenerateContent"
            sse = parse_qs(url.query).get("alt") == ["sse"]
            return self.answer(GeminiRequest(body, unquote(gem.group(1)), stream and sse),
                               scenario, lane)
        self.entry["decision"] = "unknown path"
        self.send_json(404, {"error": {"message": "no such path: " + rest, "code": 404}})

    # -- answers -----------------------------------------------------------------------

    def key_ok(self):
        wanted = self.server.options.require_key
        if not wanted:
            return True
        given = self.headers.get("x-api-key") or self.headers.get("x-goog-api-key") or ""
        bearer = self.headers.get("authorization") or ""
        query = parse_qs(urlsplit(self.path).query).get("key", [""])[0]
        return wanted in (given, bearer.replace("Bearer ", "", 1), query)

    def answer(self, req, scenario, lane_name):
        wire = WIRES[req.api]
        self.entry.update(api=req.api, model=req.model, stream=req.stream,
                          messages=len(req.messages), tools=[t.name for t in req.tools],
                          system_chars=len(req.system), last_user=req.last_user()[-400:])
        if not self.key_ok():
            self.entry["decision"] = "wrong key"
            return self.send_json(401, wire.error(401, None, "invalid API key", None))
        toolless = self.server.options.toolless or scenario.toolless
        if not req.tools and toolless == "side":
            return self.side(req, wire, scenario)
        lane = self.server.lane(scenario, lane_name)
        what, track, turn, err, faulty = lane.next(req)
        if what == "error":
            self.entry["decision"] = "%s: scripted error" % turn.where
            return self.scripted_error(wire, err)
        if what == "after":
            if track.after == "error":
                self.entry["decision"] = "script used up: error"
                return self.send_json(400, wire.error(400, None, "the script is used up", None))
            self.entry["decision"] = "script used up: stop"
            return self.reply(req, wire, scenario, {"text": "Nothing is left to do."}, [], None)
        self.entry["decision"] = turn.where + (" with fault" if faulty else "")
        self.reply(req, wire, scenario, turn.spec, turn.actions,
                   turn.fault if faulty else None)

    def side(self, req, wire, scenario):
        """Answer a request that is not part of the main conversation (a title, a probe…)."""
        self.entry["decision"] = "side"
        spec = dict(scenario.side)
        if req.schema is not None:
            spec["text"] = json.dumps(sample(req.schema))
        self.reply(req, wire, scenario, spec, [], None)

    def scripted_error(self, wire, err):
        status = int(err.get("status", 500))
        retry = err.get("retry_after")
        headers = dict(err.get("headers", {}))
        if retry is not None:
            headers.setdefault("retry-after", retry)
        body = err.get("body")
        if body is None:
            body = wire.error(status, err.get("type"),
                              err.get("message", "scripted error %d" % status), retry)
        self.send_json(status, body, headers)

    def reply(self, req, wire, scenario, spec, actions, fault):
        reply = build_reply(req, spec, actions, scenario, self.entry["seq"],
                            self.server.options.cwd)
        reply.usage = full_usage(req, reply, scenario.usage, spec.get("usage"))
        reply.stop = spec.get("stop")
        reply.chunk_chars = int(spec.get("chunk_chars", 40))
        self.entry["usage"] = reply.usage
        self.entry["calls"] = [{"tool": c.tool.name, "args": c.args, "raw": c.raw}
                               for c in reply.calls()]
        time.sleep(spec.get("delay_ms", 0) / 1000)
        headers = spec.get("headers", {})
        if not req.stream:
            if fault and fault["kind"] == "drop":
                return self.cut()
            value = wire.whole(reply)
            if self.path.find(":streamGenerateContent") >= 0:
                value = [value]
            return self.send_json(200, value, headers)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("cache-control", "no-cache")
        self.send_header("transfer-encoding", "chunked")
        self.send_header("request-id", "req_%08d" % self.entry["seq"])
        for name, text in headers.items():
            self.send_header(name, str(text))
        self.end_headers()
        self.entry["status"] = 200
        pause = spec.get("chunk_delay_ms", 0) / 1000
        after = int((fault or {}).get("after_events", 3))
        for number, (name, value) in enumerate(wire.events(reply)):
            if fault and number == after:
                if fault["kind"] == "drop":
                    return self.cut()
                if fault["kind"] == "truncate":
                    break
                if fault["kind"] == "stream_error":
                    self.send_event(*wire.stream_error(
                        fault.get("type", "overloaded_error"),
                        fault.get("message", "scripted stream error")))
                    break
                if fault["kind"] == "stall":
                    time.sleep(fault.get("ms", 60000) / 1000)
            self.send_event(name, value)
            if pause:
                time.sleep(pause)
        else:
            if wire.done_marker:
                self.send_chunk(("data: %s\n\n" % wire.done_marker).encode())
        self.send_chunk(b"")

    def send_event(self, name, value):
        head = "event: %s\n" % name if name else ""
        self.send_chunk(("%sdata: %s\n\n" % (head, json.dumps(value))).encode())

    def send_chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def cut(self):
        """Break the connection with a reset, as a dying proxy does."""
        self.entry["decision"] += " (connection cut)"
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()


def parse_options(argv):
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0],
        epilog="The first line on standard output is the port, or with --announce url the "
               "base URL.  See README.md for the scenario format.")
    parser.add_argument("--scenario", metavar="FILE", action="append", default=[],
                        help="a scenario file; the first one is the default, each is also "
                             "served under /s/NAME[/LANE]/… (repeatable)")
    parser.add_argument("--host", default="127.0.0.1", help="address (default %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port; 0 picks a free one")
    parser.add_argument("--announce", choices=("port", "url"), default="port")
    parser.add_argument("--port-file", metavar="FILE", help="also write the port there")
    parser.add_argument("--log", metavar="FILE", help="append one JSON line per request")
    parser.add_argument("--dump", metavar="DIR", help="write each request's whole body there")
    parser.add_argument("--cwd", help="value of ${cwd} (default: read from the prompt)")
    parser.add_argument("--toolless", choices=("side", "main"),
                        help="how to treat requests that declare no tools")
    parser.add_argument("--require-key", metavar="KEY", help="answer 401 to any other key")
    parser.add_argument("--models", metavar="NAMES", default="scripted-1",
                        type=lambda s: s.split(","), help="names for the model list")
    parser.add_argument("--check", action="store_true",
                        help="only check the scenario files, then exit")
    parser.add_argument("--quiet", action="store_true", help="no request lines on stderr")
    parser.add_argument("--version", action="version", version=VERSION)
    return parser.parse_args(argv)


def main(argv=None):
    options = parse_options(argv)
    if not options.scenario:
        print("model_server: --scenario is needed", file=sys.stderr)
        return 2
    scenarios = {}
    default = None
    try:
        for path in options.scenario:
            scenario = Scenario.load(path)
            if scenario.name in scenarios:
                raise ScenarioError("two scenarios are named %s" % scenario.name)
            scenarios[scenario.name] = scenario
            default = default or scenario
    except ScenarioError as err:
        print("model_server: %s" % err, file=sys.stderr)
        return 2
    if options.check:
        print("ok: %s" % ", ".join(scenarios))
        return 0
    if options.dump:
        os.makedirs(options.dump, exist_ok=True)
    server = Server((options.host, options.port), options, scenarios, default)
    port = server.server_address[1]
    if options.port_file:
        part = options.port_file + ".part"
        with open(part, "w", encoding="utf-8") as handle:
            handle.write("%d\n" % port)
        os.replace(part, options.port_file)
    print(port if options.announce == "port" else "http://%s:%d" % (options.host, port),
          flush=True)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
