#!/usr/bin/env python3
"""Measures workflows of gaia, beside make, just, doit, prefect and snakemake where they are on PATH.

Works in a folder of its own with a gaia home of its own, and ends what it started.
"""
import argparse, http.client, json, os, pathlib, platform, resource, shutil, socket, statistics, subprocess
import sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WORK = pathlib.Path(tempfile.mkdtemp(prefix="gw", dir="/tmp"))
JOBS = 16
SHAPES = {"one": 1, "chain": 200, "layers": 1000, "fan": 1000}
# Milliseconds: a step, and what comes before the first.
BARS = {"one": "30", "chain": "2", "layers": "1", "fan": "1"}


def steps(shape):
    """Names and needs: 200 in a row; 100 layers of 10, each of which needs all of the one before; 1,000 free ones."""
    if shape == "chain":
        return [(f"s{i}", [f"s{i - 1}"] if i else []) for i in range(200)]
    if shape == "layers":
        above = lambda layer: [f"s{layer - 1}_{i}" for i in range(10)] if layer else []
        return [(f"s{layer}_{i}", above(layer)) for layer in range(100) for i in range(10)]
    return [(f"s{i}", []) for i in range(SHAPES[shape])]


def write(shape):
    """The same graph for everyone, each step a shell that runs `true`; the only one of `one` notes when."""
    folder, all_steps = WORK / shape, steps(shape)
    folder.mkdir()
    command = 'date +%s%N > "$STAMP"' if shape == "one" else "true"
    names = " ".join(name for name, _ in all_steps)
    graph = [{"id": name, "needs": needs, "run": command} for name, needs in all_steps]
    put = lambda name, text: (folder / name).write_text(text)
    put("gaia.toml", 'name = "bench"\n')
    put("w.json", json.dumps({"name": shape, "steps": graph}))
    rules = "".join(f"{s}: {' '.join(n)}\n\t@{command.replace('$', '$$')} && :\n" for s, n in all_steps)
    put("Makefile", f".PHONY: all {names}\nall: {names}\n{rules}")
    recipes = "".join(f"{s}: {' '.join(n)}\n    {command}\n" for s, n in all_steps)
    put("justfile", f"set quiet\n[parallel]\nall: {names}\n{recipes}")
    put("dodo.py", f"""
STEPS = {graph!r}
DOIT_CONFIG = {{"verbosity": 0, "reporter": "zero"}}
def task_all():
    for s in STEPS:
        yield {{"basename": s["id"], "actions": [s["run"].replace("%", "%%")], "task_dep": s["needs"], "uptodate": [False]}}
""")
    put("flow.py", f"""
import subprocess
from prefect import flow, task
from prefect.task_runners import ThreadPoolTaskRunner
STEPS = {graph!r}
@task
def step(command): subprocess.run(command, shell=True, check=True)
@flow(task_runner=ThreadPoolTaskRunner(max_workers={JOBS}))
def all_steps():
    begun = {{}}
    for s in STEPS:
        begun[s["id"]] = step.submit(s["run"], wait_for=[begun[n] for n in s["needs"]])
    for future in begun.values(): future.result()
all_steps()
""")
    outputs = ", ".join(f"'o/{s}'" for s, _ in all_steps)
    rules = [f"rule all:\n    input: [{outputs}]\n"]
    for s, needs in all_steps:
        inputs = f"    input: {', '.join(repr('o/' + n) for n in needs)}\n" if needs else ""
        rules.append(f"rule r_{s}:\n{inputs}    output: touch('o/{s}')\n    shell: '''{command}'''\n")
    put("Snakefile", "".join(rules))


class Gaia:
    def __init__(self, path):
        self.path = path
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("TMUX", "GAIA_"))}
        self.env.update(HOME=str(WORK), GAIA_HOME=str(WORK / "h"), STAMP=str(WORK / "stamp"))

    def run(self, *words, cwd=WORK, check=True):
        done = subprocess.run([self.path, *words], cwd=cwd, env=self.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600)
        if check and done.returncode:
            sys.exit(f"gaia {words}: {done.stderr.decode()}")
        return done.stdout.decode()

    def pid(self):
        return int((WORK / "h/run/daemon.lock").read_text().split()[1])

    def memory(self):
        """Resident memory of the daemon, in MiB."""
        text = pathlib.Path(f"/proc/{self.pid()}/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0]) / 1024

    def crash(self):
        pid = self.pid()
        os.kill(pid, 9)
        while pathlib.Path(f"/proc/{pid}").exists():
            time.sleep(0.002)

    def ask(self, method, path, body=None):
        """One request over the socket, without the start of a program."""
        link = http.client.HTTPConnection("gaia")
        link.sock = socket.socket(socket.AF_UNIX)
        link.sock.connect(str(WORK / "h/run/gaia.sock"))
        link.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json"})
        answer = link.getresponse()
        text = answer.read()
        return json.loads(text) if answer.status < 400 else sys.exit(f"{path}: {text.decode()}")


def timed(act):
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


def peers(gaia):
    """What runs a shape, by name; a tool that is not there is left out."""
    found = {"gaia": [gaia.path, "run", "start", "./w.json", "--wait"]}
    words = {
        "make -j": ["make", "-s", f"-j{JOBS}", "all"],
        "just": ["just", "all"],
        "doit -n": ["doit", "-n", str(JOBS), "-P", "thread"],
        "prefect": ["prefect-python", "flow.py"],
        "snakemake": ["snakemake", f"-c{JOBS}", "-q", "all", "--nolock"],
    }
    for name, argv in words.items():
        if name == "prefect" and (program := shutil.which("prefect")):
            found[name] = [str(pathlib.Path(program).with_name("python")), *argv[1:]]
        elif shutil.which(argv[0]):
            found[name] = argv
    return found


def shapes(gaia, runs, only):
    """Milliseconds a step; for `one`, until the command of the only step runs."""
    table = {}
    for shape in SHAPES:
        write(shape)
        for _ in range(runs):
            for name, argv in peers(gaia).items():
                if only and name not in only:
                    continue
                folder, stamp = WORK / shape, WORK / "stamp"
                for left in ("o", ".snakemake", ".doit.db"):
                    shutil.rmtree(folder / left, ignore_errors=True)
                for left in folder.glob(".doit.db*"):
                    left.unlink()
                stamp.unlink(missing_ok=True)
                env = dict(gaia.env, HOME=str(WORK), PREFECT_HOME=str(WORK / "prefect"), PREFECT_LOGGING_LEVEL="CRITICAL")
                begun = time.time_ns()
                # Not with a timeout: Python looks only every 50 ms then, 0.25 ms for each of 200 steps.
                begin = time.perf_counter()
                if subprocess.run(argv, cwd=folder, env=env, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
                    continue
                took = (time.perf_counter() - begin) * 1000 / SHAPES[shape]
                if shape == "one":
                    took = (int(stamp.read_text()) - begun) / 1e6
                table.setdefault(name, {}).setdefault(shape, []).append(took)
    return table


def large(gaia, count):
    """A run of so many steps: memory above an idle daemon, and how long a daemon takes to take it up again."""
    folder = WORK / "large"
    folder.mkdir()
    # What an earlier part left in memory is not idle.
    gaia.run("daemon", "stop")
    gaia.run("daemon", "start")
    (folder / "gaia.toml").write_text('name = "large"\n')
    graph = [{"id": "first", "run": "true"}]
    graph += [{"id": f"s{i}", "run": "true", "needs": ["first"]} for i in range(count - 2)]
    graph += [{"id": "sure", "approval": "Go on?", "needs": [step["id"] for step in graph[1:]]}]
    (folder / "w.json").write_text(json.dumps({"name": "large", "steps": graph}))
    idle = gaia.memory()
    gaia.run("run", "start", "./w.json", "--key", "large", cwd=folder)
    while not json.loads(gaia.run("inbox", "--json")):
        time.sleep(0.2)
    # It gives freed memory back once it has been quiet for a second.
    time.sleep(2)
    grown = gaia.memory() - idle
    started = []
    for _ in range(3):
        gaia.crash()
        started.append(timed(lambda: gaia.run("daemon", "start")))
    fresh = gaia.memory() - idle
    gaia.run("run", "cancel", "large")
    gaia.run("run", "wait", "large", check=False)
    gaia.crash()
    bare = []
    for _ in range(3):
        bare.append(timed(lambda: gaia.run("daemon", "start")))
        gaia.crash()
    without = min(bare)
    gaia.run("daemon", "start")
    return grown, fresh, min(started) * 1000, without * 1000


def many(gaia, count):
    """So many finished runs, and how long their list takes: over the socket, and as a command."""
    folder = WORK / "many"
    folder.mkdir()
    (folder / "gaia.toml").write_text('name = "many"\n')
    (folder / "w.yaml").write_text("steps: [{ id: a, notify: done }]\n")
    gaia.run("run", "start", "./w.yaml", "--wait", cwd=folder)
    for _ in range(count):
        gaia.ask("POST", "/v1/runs", {"workflow": "./w.yaml", "inputs": [], "dir": str(folder), "env": {}})
    while any(run["state"] in ("queued", "running") for run in gaia.ask("GET", "/v1/runs?limit=0")):
        time.sleep(0.5)
    usual = statistics.median(timed(lambda: gaia.ask("GET", "/v1/runs")) for _ in range(20))
    every = statistics.median(timed(lambda: gaia.ask("GET", "/v1/runs?limit=0")) for _ in range(5))
    command = statistics.median(timed(lambda: gaia.run("run", "list")) for _ in range(20))
    return usual * 1000, every * 1000, command * 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gaia", default=str(ROOT / "target/release/gaia"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="shapes,large,many", help="parts: shapes, large, many")
    parser.add_argument("--peers", help="names of those to run beside, e.g. 'gaia,make -j'; all that are there")
    args = parser.parse_args()
    parts = args.only.split(",")
    gaia = Gaia(str(pathlib.Path(args.gaia).absolute()))
    try:
        gaia.run("daemon", "start")
        print(f"{platform.system()} {platform.release()}, {os.cpu_count()} cores\n")
        if "shapes" in parts:
            table = shapes(gaia, args.runs, args.peers and args.peers.split(","))
            print("| ms a step | first step | chain of 200 | layers 100 × 10 | fan of 1,000 |\n|---|---|---|---|---|")
            print("| bar | " + " | ".join("≤ " + BARS[shape] for shape in SHAPES) + " |")
            for name, row in table.items():
                cell = lambda shape: f"{statistics.median(row[shape]):.2f}" if shape in row else "–"
                print(f"| {name} | " + " | ".join(map(cell, SHAPES)) + " |", flush=True)
        if "large" in parts:
            grown, fresh, started, without = large(gaia, 10_000)
            print(f"\n10,000 steps: {grown:.1f} MiB above idle while it waits, {fresh:.1f} MiB after a restart (bar 30)")
            print(f"daemon start with it after kill -9: {started:.0f} ms, without it {without:.0f} ms: resume {started - without:.0f} ms (bar 100)")
        if "many" in parts:
            usual, every, command = many(gaia, 10_000)
            print(f"\n10,000 finished runs: the newest 50 in {usual:.1f} ms, all in {every:.0f} ms; `gaia run list` {command:.1f} ms (bar 20)")
    finally:
        gaia.run("daemon", "stop", check=False)
        shutil.rmtree(WORK, ignore_errors=True)


main()
