#!/usr/bin/env python3
"""Measures the agents of gaia, beside bare git + tmux and, where they are on PATH, workmux and CAO;
prints a table.

Builds nothing. Works in a folder of its own and ends what it started, by pid. No model is asked.
"""
import argparse, glob, hashlib, json, os, pathlib, platform, shutil, signal, statistics, subprocess
import sys, tempfile, time, urllib.parse, urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WORK = pathlib.Path(tempfile.mkdtemp(prefix="ga", dir="/tmp"))
ROWS, FAULTS = {}, []
GAIA = None

# The agent: notes when it runs, shows a prompt that CAO knows as well, and waits.
IDLE = '#!/bin/sh\ndate +%s%N > started\nprintf "\\342\\235\\257 "\nexec sleep 100000\n'
# Hooks from inside the pane of an agent, and a process that does nothing for comparison.
HOOKS = """#!/usr/bin/env python3
import json, subprocess, sys, time
def run(argv, text=b""):
    at, begun = time.time_ns(), time.perf_counter()
    subprocess.run(argv, input=text, stdout=subprocess.DEVNULL)
    return [at, (time.perf_counter() - begun) * 1e3]
def hook(name):
    more = {"tool_name": "Bash", "tool_input": {"command": "ls -la"}} if "Tool" in name else {"prompt": "x"}
    text = json.dumps({"session_id": "s", "hook_event_name": name, **more}).encode()
    return run([GAIA, "hook", name], text)
hook("SessionStart")
told = {"floor": [run(["true"])[1] for _ in range(50)], "tool": [hook("PreToolUse")[1] for _ in range(100)]}
told["turns"] = []
for _ in range(20):
    for name, state in (("UserPromptSubmit", "working"), ("Stop", "idle")):
        told["turns"].append([state, hook(name)[0]])
        time.sleep(0.1)
json.dump(told, open("told.part", "w"))
__import__("os").rename("told.part", "told")
time.sleep(100000)
"""
# A program whose screen changes between a prompt and a question.
SCREEN = """#!/usr/bin/env python3
import json, os, sys, time
told = []
for _ in range(15):
    for text, state in (("\\r\\x1b[Kgo on? [y/N] ", "waiting(question)"), ("\\r\\x1b[Kbash$ ", "idle")):
        sys.stdout.write(text), sys.stdout.flush()
        told.append([state, time.time_ns()])
        time.sleep(1.3)
json.dump(told, open("told.part", "w"))
os.rename("told.part", "told")
time.sleep(100000)
"""
READ = """#!/usr/bin/env python3
import hashlib, json, os, sys, time
text = sys.stdin.buffer.read()
told = [time.time_ns(), len(text), hashlib.sha256(text).hexdigest()]
json.dump(told, open("told.part", "w"))
os.rename("told.part", "told")
"""


def until(condition, seconds, step=0.002):
    end = time.monotonic() + seconds
    while not (true := condition()) and time.monotonic() < end:
        time.sleep(step)
    return true


def read(pid, file):
    try:
        return pathlib.Path(f"/proc/{pid}/{file}").read_bytes()
    except OSError:
        return b""


def fields(pid):
    """/proc/PID/stat from the state on; nothing for what is gone or only waits to be reaped."""
    found = read(pid, "stat").rsplit(b")", 1)[-1].split()
    return found if found and found[0] not in b"ZX" else []


# Seconds of processor time, with that of children which were waited for.
cpu = lambda pids: sum(sum(map(int, fields(pid)[11:15])) for pid in pids) / os.sysconf("SC_CLK_TCK")


def memory(pids, key):
    """`Rss` or `Pss` of all, in MiB."""
    texts = [read(pid, "smaps_rollup") for pid in pids]
    return sum(int(text.split(key + b":")[1].split()[0]) for text in texts if text) / 1024


def ours(mark=WORK):
    """Every process that has the folder in its words or its environment, but this one."""
    pids = [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and int(pid) != os.getpid()]
    found = {pid: read(pid, "cmdline") for pid in pids if fields(pid)}
    return {pid: words for pid, words in found.items() if str(mark).encode() in words + read(pid, "environ")}


def kill(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


class Crew:
    """One that gives agents a worktree and a pane: `add` returns when its command does."""
    one_waits = False

    def __init__(self, files=200):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix=self.tool[0], dir=WORK))
        (self.dir / "bin").mkdir(), (self.dir / "tmux").mkdir(mode=0o700)
        drop = ("TMUX", "GAIA_", "CAO_", "WORKMUX", "GIT_")
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(drop)}
        self.env.update(HOME=str(self.dir), TMUX_TMPDIR=f"{self.dir}/tmux", PATH=f"{self.dir}/bin:{os.environ['PATH']}",
                        GAIA_HOME=f"{self.dir}/h", SHELL="/bin/sh", TERM="xterm-256color")
        for name in ("agent", "mock_cli"):
            self.program(name, IDLE)
        self.repo = self.dir / "repo"
        self.repo.mkdir()
        for n in range(files):
            (self.repo / f"f{n}.txt").write_text(f"{n}\n" * 20)
        (self.dir / ".gitconfig").write_text("[user]\nname = a\nemail = a@b\n[init]\ndefaultBranch = main\n")
        # Panes run login shells, which forget the PATH they were given.
        (self.dir / ".profile").write_text(f"PATH={self.env['PATH']}\n")
        self.run("git", "init", "-q"), self.run("git", "add", "."), self.run("git", "commit", "-qm", "x")
        self.begin()

    def program(self, name, text):
        path = self.dir / "bin" / name
        path.write_text(text), path.chmod(0o755)
        return str(path)

    def run(self, *argv, text=None):
        done = subprocess.run([str(a) for a in argv], cwd=self.repo, env=self.env, timeout=300, input=text,
                              stdin=None if text else subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode:
            FAULTS.append(f"{self.tool}: `{' '.join(map(str, argv))[:90]}` ended with {done.returncode}: {done.stderr.decode()[:200]}")
        return done.stdout.decode()

    def notes(self):
        found = [pathlib.Path(p) for pattern in self.trees for p in glob.glob(f"{self.dir}/{pattern}/started")]
        texts = [path.read_text() for path in found]
        return [int(text) / 1e9 for text in texts if text.endswith("\n")]

    def end(self):
        """Stops all; what is left is ended by pid."""
        kill(ours(self.dir))


class Floor(Crew):
    tool, trees = "git + tmux", ["t/*"]

    def begin(self): self.run("tmux", "-f", "/dev/null", "new-session", "-d", "-s", "s", "-x", 200, "-y", 50, "sleep 100000")

    def add(self, n):
        self.run("git", "worktree", "add", "-q", "-b", f"b{n}", f"{self.dir}/t/{n}")
        self.run("tmux", "new-window", "-d", "-t", "s:", "-n", f"w{n}", "-c", f"{self.dir}/t/{n}", "agent")


class Gaia(Crew):
    tool, trees = "gaia", ["repo.worktrees/*"]

    def begin(self):
        same = "concurrency = 60\nretries = 0\n"
        made = lambda name, text, more="": f'[agents.{name}]\ndriver = "command"\ncommand = ["{self.program(name, text)}"]\n{same}{more}'
        text = made("idle", IDLE) + made("reader", READ) + made("screen", SCREEN, 'mode = "interactive"\n')
        hooks = made("hooks", HOOKS.replace("GAIA,", json.dumps(GAIA) + ","), 'mode = "interactive"\n')
        # Hooks are those of Claude Code; the program in its place is the one above.
        text += hooks.replace('driver = "command"', 'driver = "claude"')
        (self.repo / "gaia.toml").write_text("[tasks]\nconcurrency = 60\nstarts_per_minute = 0\n" + text)
        self.run("git", "add", "."), self.run("git", "commit", "-qm", "gaia")
        self.run(GAIA, "task", "list"), self.run(GAIA, "agent", "list")

    def add(self, n): self.run(GAIA, "task", "add", f"work {n}", "--agent", "idle")
    def ask(self, *words): return json.loads(self.run(GAIA, *words, "--json"))
    def daemon(self): return int((self.dir / "h/run/daemon.lock").read_text().split()[1])

    def told(self, agent):
        """What the program of an agent has written once it is ready."""
        found = lambda: glob.glob(f"{self.dir}/repo.worktrees/*/told")
        until(found, 90, 0.05) or sys.exit(f"{agent} told nothing")
        return json.loads(pathlib.Path(found()[0]).read_text())

    def seen(self): return [(e["body"]["state"], e["at"]) for e in self.ask("ledger", "show", "--kind", "agent.seen")]


class Workmux(Crew):
    tool, trees = "workmux", ["repo__worktrees/*"]

    def begin(self):
        (self.repo / ".workmux.yaml").write_text("agent: agent\npanes:\n  - command: agent\n    focus: true\n")
        self.run("git", "add", "."), self.run("git", "commit", "-qm", "w")
        self.run("tmux", "-f", "/dev/null", "new-session", "-d", "-s", "s", "-x", 200, "-y", 50, "sleep 100000")
        here = self.run("tmux", "display-message", "-p", "-t", "s:", "#{socket_path},#{pid},0 #{pane_id}").split()
        self.env.update(TMUX=here[0], TMUX_PANE=here[1])

    def add(self, n): self.run("workmux", "add", "-b", f"b{n}")


class Cao(Crew):
    tool, trees = "CAO", ["repo/.cao/worktrees/*", "repo/.cao/worktrees/*/*", ".cao/worktrees/*", ".aws/cli-agent-orchestrator/worktrees/*/*"]
    one_waits = True

    def begin(self):
        self.port = 18000 + os.getpid() % 2000
        self.log = open(self.dir / "log", "w")
        argv = ["cao-server", "--port", str(self.port)]
        profile = "---\nname: bench\ndescription: waits\nprovider: mock_cli\n---\nwait\n"
        for folder in (".aws/cli-agent-orchestrator/agent-store", ".cao/agents"):
            (self.dir / folder).mkdir(parents=True)
            (self.dir / folder / "bench.md").write_text(profile)
        subprocess.Popen(argv, cwd=self.repo, env=self.env, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        until(lambda: self.http("GET", "/health", quiet=True), 30, 0.1)

    def http(self, how, path, quiet=False):
        try:
            request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=how)
            return urllib.request.urlopen(request, timeout=60).read()
        except OSError as error:
            quiet or FAULTS.append(f"CAO: {error} {getattr(error, 'read', bytes)()[:200]}")

    def add(self, n):
        asked = {"agent_profile": "bench", "provider": "mock_cli", "session_name": f"b{n}",
                 "working_directory": str(self.repo), "use_worktree": "true"}
        self.http("POST", "/sessions?" + urllib.parse.urlencode(asked))


def row(what, unit, bar, one, value):
    """One figure; the bar is the most it may be, or the word it must be."""
    ROWS.setdefault((what, unit, bar), {}).setdefault(one.tool, []).append(value)
    print(f"{what} | {one.tool}: {value} {unit}", file=sys.stderr)


def create(one, args):
    spans, count = [], args.few if one.one_waits else args.agents
    for n in range(count):
        begun, have = time.time(), len(one.notes())
        one.add(n)
        if not until(lambda: len(one.notes()) > have, 20):
            FAULTS.append(f"{one.tool}: agent {n} did not start")
            return one.end()
        spans.append((max(one.notes()) - begun) * 1e3)
    row("an agent with worktree and pane runs, one at a time", "ms", 300, one, statistics.median(spans))
    one.end()


def many(one, args):
    begun = time.time()
    for n in range(args.agents):
        one.add(n)
    if not until(lambda: len(one.notes()) >= args.agents, 60):
        FAULTS.append(f"{one.tool}: {len(one.notes())} of {args.agents} started")
        return one.end()
    row(f"{args.agents} asked for at once: all run", "s", None, one, max(one.notes()) - begun)
    one.end()


def idle(one, args):
    for n in range(50):
        one.add(n)
    until(lambda: len(one.notes()) >= 50, 120) or FAULTS.append(f"{len(one.notes())} of 50 started")
    time.sleep(5)
    daemon, agents = [one.daemon()], [pid for pid, words in ours(one.dir).items() if words.startswith(b"sleep")]
    mine = [pid for pid in ours(one.dir) if pid not in agents]
    before = cpu(daemon), cpu(mine)
    time.sleep(args.idle)
    row("50 idle agents: daemon, CPU", "%", 1, one, (cpu(daemon) - before[0]) / args.idle * 100)
    row("50 idle agents: daemon, shims and tmux, CPU", "%", None, one, (cpu(mine) - before[1]) / args.idle * 100)
    row("50 idle agents: daemon, memory", "MiB", None, one, memory(daemon, b"Rss"))
    row("50 idle agents: daemon, shims and tmux, Pss", "MiB", None, one, memory(mine, b"Pss"))
    if shutil.which("strace"):
        row("50 idle agents: tmux commands", "/s", 1, one, commands(one, mine, args.idle))
    spent = sum(sum(line["tokens"].values()) for line in one.ask("cost")["lines"])
    row("50 idle agents: tokens", "", "0", one, str(spent))
    one.end()


def commands(one, mine, span):
    """Lines that gaia's control client of tmux reads, and tmux programs that the daemon starts."""
    control = [pid for pid in mine if b"tmux" in read(pid, "comm") and b"\0-C" in read(pid, "cmdline")]
    if not control:
        FAULTS.append("no control client of tmux was found: its commands were not counted")
    trace = lambda out, *words: subprocess.Popen(["strace", "-qq", "-s", "100000", "-o", str(one.dir / out), *words], stderr=subprocess.DEVNULL)
    traced = [trace(f"trace.{pid}", "-e", "trace=read", "-p", str(pid)) for pid in control]
    traced += [trace("trace.d", "-f", "-e", "trace=execve", "-p", str(one.daemon()))]
    time.sleep(span)
    [one.terminate() for one in traced], [one.wait() for one in traced]
    lines = [line for pid in control for line in (one.dir / f"trace.{pid}").read_text().splitlines() if "read(0," in line]
    return (sum(line.count("\\n") for line in lines) + (one.dir / "trace.d").read_text().count("execve(")) / span


def known(told, seen):
    """Milliseconds from each change to the first fact that tells it."""
    spans, facts = [], [fact for fact in seen if fact[0] in {state for state, _ in told}]
    for state, at in told:
        after = [moment - at / 1e6 for name, moment in facts if name == state and moment - at / 1e6 > -2]
        if after and min(after) < 1250:
            spans.append(min(after))
    return spans


def hooks(one, args):
    one.run(GAIA, "agent", "start", "hooks")
    told = one.told("hooks")
    row("hook, in an agent's pane, whole process, p50", "ms", 5, one, statistics.median(told["tool"]))
    row("hook: a process that does nothing, p50", "ms", None, one, statistics.median(told["floor"]))
    spans = known(told["turns"], one.seen())
    if len(spans) < len(told["turns"]) - 2:
        FAULTS.append(f"{len(spans)} of {len(told['turns'])} changes told by a hook are in the ledger")
    if spans:
        row("state known after a hook began, p50", "ms", 100, one, statistics.median(spans))
    one.end()


def screen(one, args):
    one.run(GAIA, "agent", "start", "screen")
    told = one.told("screen")
    time.sleep(1)
    spans = known(told, one.seen())
    if len(spans) < len(told) - 2:
        FAULTS.append(f"{len(spans)} of {len(told)} changes of the screen are in the ledger")
    if spans:
        row("state known after the screen shows it, p50", "ms", 500, one, statistics.median(spans))
        row("state known after the screen shows it, most", "ms", None, one, max(spans))
    one.end()


def prompt(one, args):
    text = os.urandom(192 << 10).hex().encode()[: 384 << 10] + b"\xe2\x98\x83;\n#{pane_id}\n" * (7 << 10)
    text = text[: 512 << 10].decode("utf-8", "ignore").rstrip().encode()
    begun = time.time()
    one.run(GAIA, "task", "add", "--agent", "reader", text=text)
    at, size, digest = one.told("reader")
    row("prompt of 512 KiB, until the agent has it all", "ms", None, one, (at / 1e9 - begun) * 1e3)
    same = size == len(text) and digest == hashlib.sha256(text).hexdigest()
    row("prompt of 512 KiB", "", "byte for byte", one, "byte for byte" if same else f"{size} of {len(text)} bytes")
    one.end()


def table(tools, runs):
    tmux = subprocess.run(["tmux", "-V"], stdout=subprocess.PIPE).stdout.decode().strip()
    build = "a debug build of gaia" if "/debug/" in GAIA or os.path.getsize(GAIA) > 60e6 else "gaia"
    print(f"\nMeasured {time.strftime('%Y-%m-%d')} on {os.cpu_count()} cores, {platform.system()} {platform.release()}, {tmux}, "
          f"{build}, median of {runs}, with `benches/agents/agents.py`.\n")
    line = lambda cells: print("| " + " | ".join(cells) + " |")
    line(["what", "bar", *tools, "held"])
    line(["---"] * (len(tools) + 3))
    for (what, unit, bar), found in ROWS.items():
        words = isinstance(next(iter(found.values()))[0], str)
        values = {tool: "; ".join(sorted(set(v))) if words else statistics.median(v) for tool, v in found.items()}
        show = lambda v: "–" if v is None else f"{v if words else format(v, '.2f' if v < 100 else '.0f')} {unit}".strip()
        mine = values.get("gaia")
        held = mine == bar if words else bar is None or mine is not None and mine <= bar
        limit = "–" if bar is None else bar if words else f"≤ {bar} {unit}".strip()
        line([what, limit, *(show(values.get(tool)) for tool in tools), "" if bar is None else "yes" if held else "**no**"])
    print("".join(f"\nFault: {fault}\n" for fault in FAULTS), end="")


def main():
    global GAIA
    parts = {"create": create, "many": many, "idle": idle, "hooks": hooks, "screen": screen, "prompt": prompt}
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    words.add_argument("--gaia", default=str(ROOT / "target/release/gaia"), help="the program")
    words.add_argument("--only", default=",".join(parts), help="parts, with commas")
    for name, default, what in ("runs", 3, "of each part"), ("idle", 20, "seconds of CPU"), ("agents", 20, "to create"), ("few", 4, "of a slow peer"):
        words.add_argument("--" + name, type=int, default=default, help=what)
    args = words.parse_args()
    peers = [(Workmux, "workmux"), (Cao, "cao-server")]
    kinds = [Gaia, Floor, *(kind for kind, program in peers if shutil.which(program))]
    try:
        GAIA = str(pathlib.Path(shutil.which(args.gaia) or sys.exit(f"there is no {args.gaia}: build it, or say where with --gaia")).resolve())
        for _ in range(args.runs):
            for part in args.only.split(","):
                # In turns, so that a busy machine hits all alike.
                for kind in kinds if part == "create" else [k for k in kinds if not k.one_waits] if part == "many" else [Gaia]:
                    parts[part](kind(), args)
    finally:
        kill(ours())
        shutil.rmtree(WORK, ignore_errors=True)
    table([kind.tool for kind in kinds], args.runs)


main()
