#!/usr/bin/env python3
"""Measures the services of gaia, beside pm2 and supervisord where they are on PATH; prints a table.

Builds nothing but a small C program. Works in a folder of its own and ends what it started.
"""
import argparse, http.server, json, os, pathlib, platform, shutil, signal, statistics, subprocess
import sys, tempfile, threading, time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WORK = pathlib.Path(tempfile.mkdtemp(prefix="gs", dir="/tmp"))
ROWS, FAULTS = {}, []

# The service: notes its first and its last instruction as letter, nanoseconds, pid.
PROGRAM = r"""
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#define NOTE(c) (clock_gettime(CLOCK_MONOTONIC, &t), \
    dprintf(fd, "%c %lld %d\n", c, t.tv_sec * 1000000000LL + t.tv_nsec, getpid()))
int main(int argc, char **argv) {
    struct timespec t;
    int fd = open(argv[1], O_WRONLY | O_APPEND | O_CREAT, 0600);
    NOTE('S');
    if (argc < 3) for (;;) pause();
    usleep(atoi(argv[2]) * 1000);
    NOTE('E');
    return 3;
}
"""


def until(condition, seconds, step=0.005):
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


alive = lambda pids: sum(1 for pid in pids if fields(pid))
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


class Supervisor:
    """One that keeps services running without a pause: `start` takes their words by name."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix=self.tool[0], dir=WORK))
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("TMUX", "GAIA_", "PM2_"))}
        self.env.update(HOME=str(self.dir), GAIA_HOME=f"{self.dir}/h", PM2_HOME=f"{self.dir}/pm2")

    def run(self, *argv):
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        return subprocess.run([str(a) for a in argv], cwd=self.dir, env=self.env, timeout=300, **pipes).stdout.decode()

    def program(self, *life):
        return [str(WORK / "program"), str(self.dir / "notes"), *life]

    def notes(self):
        file = self.dir / "notes"
        lines = file.read_text().splitlines(True) if file.exists() else []
        return [(l[0], int(l.split()[1]) / 1e9, int(l.split()[2])) for l in lines if l.endswith("\n")]

    def end(self):
        """Stops all; what is left is a fault, and ended by pid. How many that are."""
        self.stop(), self.quit()
        until(lambda: not ours(self.dir), 5, 0.05)
        left = ours(self.dir)
        for pid, words in left.items():
            FAULTS.append(f"{self.tool} left pid {pid}: " + words[:100].decode(errors="replace").replace("\0", " "))
            os.kill(pid, signal.SIGKILL)
        return len(left)


class Gaia(Supervisor):
    tool, path = "gaia", None
    ALWAYS = 'restart = "always"\nbackoff = "0s"\nmax_restarts = 0\n'

    def start(self, services, more="", rest=""):
        text = "".join(f"[services.{n}]\ncommand = {json.dumps(a)}\n{self.ALWAYS}{more}" for n, a in services.items())
        (self.dir / "gaia.toml").write_text(text + rest)
        self.run(self.path, "up")

    def stop(self): self.run(self.path, "down")
    def quit(self): self.run(self.path, "daemon", "stop")
    def list(self): self.run(self.path, "service", "list")
    def daemon(self): return int((self.dir / "h/run/daemon.lock").read_text().split()[1])
    def ask(self, *words): return json.loads(self.run(self.path, "service", *words, "--json"))


class Pm2(Supervisor):
    tool = "pm2"

    def start(self, services):
        same = {"interpreter": "none", "max_restarts": 10**6, "min_uptime": 100, "vizion": False, "pmx": False}
        apps = [{"name": n, "script": a[0], "args": a[1:], **same} for n, a in services.items()]
        (self.dir / "apps.json").write_text(json.dumps({"apps": apps}))
        self.run("pm2", "start", "apps.json")

    def stop(self): self.run("pm2", "kill")
    def quit(self): pass
    def list(self): self.run("pm2", "list")
    def daemon(self): return int((self.dir / "pm2/pm2.pid").read_text())


class Supervisord(Supervisor):
    tool = "supervisord"

    def start(self, services):
        d, factory = self.dir, "supervisor.rpcinterface:make_main_rpcinterface"
        text = f"[supervisord]\nlogfile={d}/log\npidfile={d}/pid\nminfds=4096\nchildlogdir={d}\n" \
            f"[unix_http_server]\nfile={d}/s\n[supervisorctl]\nserverurl=unix://{d}/s\n" \
            f"[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory={factory}\n"
        same = "autorestart=true\nstartsecs=0\nstartretries=1000000\n"
        text += "".join(f"[program:{n}]\ncommand={' '.join(a)}\n{same}" for n, a in services.items())
        (d / "c.ini").write_text(text)
        self.run("supervisord", "-c", d / "c.ini")

    def ctl(self, *words): self.run("supervisorctl", "-c", self.dir / "c.ini", *words)
    def stop(self): self.ctl("stop", "all")
    def quit(self): self.ctl("shutdown")
    def list(self): self.ctl("status")
    def daemon(self): return int((self.dir / "pid").read_text())


def row(what, unit, bar, one, value):
    """One figure; the bar is the most it may be, or the word it must be."""
    ROWS.setdefault((what, unit, bar), {}).setdefault(one.tool, []).append(value)
    print(f"{what} | {one.tool}: {value} {unit}", file=sys.stderr)


def restart(one, args):
    one.start({"c0": one.program("300")})
    until(lambda: sum(n[0] == "S" for n in one.notes()) > 10, 40)
    seen = one.notes()
    spans = [(b[1] - a[1]) * 1e3 for a, b in zip(seen, seen[1:]) if a[0] + b[0] == "ES"]
    row("restart after a crash, median", "ms", 10, one, statistics.median(spans))
    one.end()


def fleet(one, args, count=100, bars=(1, 0.3, 40, 0.5)):
    begun = time.monotonic()
    one.start({f"s{n:03}": one.program() for n in range(count)})
    until(lambda: len(one.notes()) >= count, 120)
    row(f"{count} services up", "s", bars[0], one, max(n[1] for n in one.notes()) - begun)
    time.sleep(3)
    services, daemon = [n[2] for n in one.notes()], [one.daemon()]
    mine = [pid for pid in ours(one.dir) if pid not in services]
    before = cpu(daemon), cpu(mine)
    time.sleep(args.idle)
    alone, whole = cpu(daemon) - before[0], cpu(mine) - before[1]
    row(f"{count} idle: daemon, CPU", "%", bars[1], one, alone / args.idle * 100)
    row(f"{count} idle: daemon and all it needs, CPU", "%", None, one, whole / args.idle * 100)
    row(f"{count} idle: daemon, memory", "MiB", bars[2], one, memory(daemon, b"Rss"))
    row(f"{count} idle: daemon and all it needs, Pss", "MiB", None, one, memory(mine, b"Pss"))
    clock = [time.monotonic(), *(one.list() or time.monotonic() for _ in range(20))]
    spans = [(after - before) * 1e3 for before, after in zip(clock, clock[1:])]
    row(f"list of {count} services, p50", "ms", None, one, statistics.median(spans))
    begun, ending = time.monotonic(), threading.Thread(target=one.stop)
    ending.start()
    until(lambda: not alive(services), 60, 0.002)
    row(f"{count} services stopped", "s", bars[3], one, time.monotonic() - begun)
    ending.join()
    if isinstance(one, Gaia):
        # The daemon, its tmux server, what holds that and what listens to it stay.
        until(lambda: alive(mine) <= 4, 60)
        row(f"{count} services and their shims gone", "s", bars[3], one, time.monotonic() - begun)
    row(f"{count} services: processes left", "", "0", one, str(one.end()))


def probes(one, args):
    asks = []

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self): asks.append(self.path), self.send_response(200), self.end_headers()
        def log_message(self, *_): pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    probe = f'probe.ready = {{ http = "http://127.0.0.1:{server.server_port}/", interval = "10s" }}\n'
    one.start({f"s{n:03}": ["sleep", "100000"] for n in range(100)}, probe)
    if not until(lambda: all(s["health"] == "ready" for s in one.ask("list")), 30, 0.2):
        FAULTS.append("not every service with a probe became ready")
    time.sleep(2)
    span, daemon = args.idle * 3, [one.daemon()]
    before, asked = cpu(daemon), len(asks)
    time.sleep(span)
    row("100 http probes every 10 s: daemon, CPU", "%", 1, one, (cpu(daemon) - before) / span * 100)
    row("100 http probes every 10 s: asked", "/s", None, one, (len(asks) - asked) / span)
    one.end(), server.shutdown()


def killed(one, args):
    ends = json.dumps(["sh", "-c", "while [ ! -e go ]; do sleep 0.02; done; exit 7"])
    rest = f'[services.ends]\ncommand = {ends}\nrestart = "never"\n'
    one.start({f"k{n}": one.program() for n in range(5)}, rest=rest)
    until(lambda: len(one.notes()) >= 5, 20)
    time.sleep(0.5)
    services = sorted(n[2] for n in one.notes())
    os.kill(one.daemon(), signal.SIGKILL), (one.dir / "go").touch(), time.sleep(0.5)
    first = alive(services)
    known = sorted(s["pid"] for s in one.ask("list") if s["name"] != "ends") == services
    then = alive(services) if known and len(one.notes()) == 5 else "others"
    facts = [e["body"] for e in one.ask("events", "ends") if e["kind"] == "service.exited"]
    one.stop()
    row("kill -9 of the daemon: alive → after a start → after down", "", "5→5→0", one, f"{first}→{then}→{alive(services)}")
    told = "told once" if [f["ended"]["how"] for f in facts] == [{"code": 7}] else json.dumps(facts)
    row("the same: exit code of one that ended meanwhile", "", "told once", one, told)
    one.end()


def crashes(one, args):
    begun = time.monotonic()
    one.start({"c0": ["sh", "-c", "exit 3"]})
    until(lambda: one.ask("list")[0]["restarts"] >= args.crashes, 180, 0.2)
    took = time.monotonic() - begun
    one.run(one.path, "service", "stop", "c0")
    facts = one.ask("events", "c0", "--limit", 10**6)
    told = [("started", f["body"]["incarnation"]) for f in facts if f["kind"] == "service.started"]
    told += [("exited", f["body"]["ended"]["incarnation"]) for f in facts if f["kind"] == "service.exited"]
    lives = max(incarnation for _, incarnation in told)
    row(f"{args.crashes} crashes: facts lost + double", "", "0 + 0", one, f"{2 * lives - len(set(told))} + {len(told) - len(set(told))}")
    row(f"{args.crashes} crashes: each", "ms", None, one, took / lives * 1e3)
    one.end()


def table(tools, runs):
    tmux = subprocess.run(["tmux", "-V"], stdout=subprocess.PIPE).stdout.decode().strip()
    print(f"\nMeasured {time.strftime('%Y-%m-%d')} on {os.cpu_count()} cores, {platform.system()} {platform.release()}, {tmux}, "
          f"median of {runs}, with `benches/services/services.py`.\n")
    line = lambda cells: print("| " + " | ".join(cells) + " |")
    line(["what", "bar", *tools, "best peer / gaia", "held"])
    line(["---"] * (len(tools) + 4))
    for (what, unit, bar), found in ROWS.items():
        words = isinstance(found["gaia"][0], str)
        values = {tool: "; ".join(sorted(set(v))) if words else statistics.median(v) for tool, v in found.items()}
        show = lambda v: "–" if v is None else f"{v if words else format(v, '.2f' if v < 100 else '.0f')} {unit}".strip()
        held = values["gaia"] == bar if words else bar is None or values["gaia"] <= bar
        others = [v for tool, v in values.items() if tool != "gaia"]
        peer = f"{min(others) / values['gaia']:.1f}×" if others and values["gaia"] and not words else ""
        limit = "–" if bar is None else bar if words else f"≤ {bar} {unit}".strip()
        line([what, limit, *(show(values.get(tool)) for tool in tools), peer, "" if bar is None else "yes" if held else "**no**"])
    print("".join(f"\nFault: {fault}\n" for fault in FAULTS), end="")


def main():
    many = lambda one, args: fleet(one, args, 500, (6, 1, None, 3))
    parts = {"restart": restart, "fleet": fleet, "many": many, "probes": probes, "killed": killed, "crashes": crashes}
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    words.add_argument("--gaia", default=str(ROOT / "target/release/gaia"), help="the program")
    words.add_argument("--only", default=",".join(parts), help="parts, with commas")
    for name, default, what in ("runs", 3, "of each part"), ("idle", 20, "seconds of CPU"), ("crashes", 1000, "in a row"):
        words.add_argument("--" + name, type=int, default=default, help=what)
    args = words.parse_args()
    kinds = [Gaia, *(kind for kind in (Pm2, Supervisord) if shutil.which(kind.tool))]
    try:
        Gaia.path = shutil.which(args.gaia) or sys.exit(f"there is no {args.gaia}: build it, or say where with --gaia")
        (WORK / "program.c").write_text(PROGRAM)
        subprocess.run(["cc", "-O2", "-o", WORK / "program", WORK / "program.c"], check=True)
        for _ in range(args.runs):
            for part in args.only.split(","):
                # In turns, so that a busy machine hits all alike.
                for kind in kinds if part in ("restart", "fleet") else [Gaia]:
                    parts[part](kind(), args)
    finally:
        for pid in ours():
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(WORK, ignore_errors=True)
    table([kind.tool for kind in kinds], args.runs)


main()
