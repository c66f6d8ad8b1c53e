#!/usr/bin/env python3
"""Measures projects from templates: gaia beside cookiecutter, copier and kickstart where they are on PATH.

Works in a folder of its own with a gaia home of its own.
"""
import argparse, json, os, pathlib, platform, shutil, statistics, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WORK = pathlib.Path(tempfile.mkdtemp(prefix="gt", dir="/tmp"))
ANSWERS = {"project": "demo", "owner": "acme", "about": "A demo", "license": "MIT", "version": "0.1.0", "port": "8080",
           "database": "postgres", "docker": "yes", "ci": "yes", "region": "eu"}
BARS = {10: "0.010", 1000: "0.25"}


def body(prefix, extra=""):
    """About 1 KiB: six values, one condition, one loop of five."""
    value = lambda name: "{{ " + prefix + name + " }}"
    head = f"# {value('project')} by {value('owner')}: {value('about')}\nlicense = {value('license')}\nversion = {value('version')}\nport = {value('port')}\n"
    middle = "{% if " + prefix + "docker == 'yes' %}docker = on\n{% endif %}{% for n in [1, 2, 3, 4, 5] %}item {{ n }}\n{% endfor %}"
    return head + middle + extra + "filler that is the same everywhere\n" * 20


def write(count, tool, changed=0):
    """A template of so many files in folders of twenty, with two values in each name."""
    folder = WORK / f"{tool}{count}"
    prefix = "cookiecutter." if tool == "cookiecutter" else ""
    top = {"cookiecutter": "{{cookiecutter.project}}", "kickstart": "{{project}}", "copier": "", "gaia": "files"}[tool]
    suffix = {"gaia": ".tera", "copier": ".jinja"}.get(tool, "")
    for number in range(count):
        name = "{{ " + prefix + "project }}_{{ " + prefix + f"region }}}}_{number}.txt{suffix}"
        path = folder / top / f"part{number // 20}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body(prefix, "a new line\n" if number < changed else ""))

    if tool == "cookiecutter":
        (folder / "cookiecutter.json").write_text(json.dumps(ANSWERS))
    if tool == "copier":
        (folder / "copier.yml").write_text("".join(f"{k}: {{type: str, default: {json.dumps(v)}}}\n" for k, v in ANSWERS.items()))
        (folder / "{{ _copier_conf.answers_file }}.jinja").write_text("{{ _copier_answers|to_nice_yaml }}")
    if tool == "kickstart":
        questions = "".join(f"[[variables]]\nname = {json.dumps(k)}\ndefault = {json.dumps(v)}\nprompt = 'x'\n" for k, v in ANSWERS.items())
        (folder / "template.toml").write_text("name = 'bench'\nkickstart_version = 1\n" + questions)
    if tool == "gaia":
        answers = "".join(f"[answers.{k}]\ntype = 'text'\ndefault = {json.dumps(v)}\n" for k, v in ANSWERS.items())
        version = "2.0.0" if changed else "1.0.0"
        (folder / "template.toml").write_text(f"name = 'gaia{count}'\nversion = '{version}'\n{answers}")
    return folder


def measure(argv, cwd=WORK):
    """Seconds and peak memory in MiB of a command; nothing if it fails."""
    env = dict(os.environ, HOME=str(WORK / "home"), GAIA_HOME=str(WORK / "h"), GIT_AUTHOR_NAME="a", GIT_AUTHOR_EMAIL="a@b",
               GIT_COMMITTER_NAME="a", GIT_COMMITTER_EMAIL="a@b")
    begin = time.perf_counter()
    child = subprocess.Popen([str(word) for word in argv], cwd=cwd, env=env, stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    told = child.stderr.read()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    took = time.perf_counter() - begin
    if child.returncode:
        print(f"{argv[0]}: {told.decode(errors='replace')[-400:]}", file=sys.stderr)
        return None
    return took, used.ru_maxrss / 1024


def commands(gaia, count, out):
    yield "gaia", [gaia, "scaffold", "new", f"gaia{count}", out / "p", "--defaults"]
    yield "cookiecutter", ["cookiecutter", "--no-input", "-o", out, WORK / f"cookiecutter{count}"]
    yield "copier", ["copier", "copy", "--defaults", "--quiet", WORK / f"copier{count}", out / "p"]
    yield "kickstart", ["kickstart", "--no-input", "-o", out, WORK / f"kickstart{count}"]


def make(gaia, runs):
    table = {}
    (WORK / "h/templates").mkdir(parents=True)
    for count in BARS:
        for tool in ("gaia", "cookiecutter", "copier", "kickstart"):
            folder = write(count, tool)
            if tool == "gaia":
                folder.rename(WORK / "h/templates" / folder.name)
        for run in range(runs):
            out = WORK / "out" / f"{count}-{run}"
            for name, argv in commands(gaia, count, out / "x"):
                if shutil.which(str(argv[0])):
                    shutil.rmtree(out, ignore_errors=True)
                    (out / "x").mkdir(parents=True)
                    if seen := measure(argv):
                        table.setdefault(name, {}).setdefault(count, []).append(seen)
    return table


def git(folder, *words):
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def update(gaia):
    """1,000 files, of which the template changed 50, all of which the person had changed too."""
    rows = {}
    for tool in ("gaia", "copier"):
        if tool == "copier" and not shutil.which("copier"):
            continue
        if tool == "copier":
            template = WORK / "copier1000"
            git(template, "init", "-q"), git(template, "add", "-A"), git(template, "commit", "-qm", "1"), git(template, "tag", "v1.0.0")
            source = ["copier", "copy", "--defaults", "--quiet", template, WORK / "up-copier"]
        else:
            source = [gaia, "scaffold", "new", "gaia1000", WORK / "up-gaia", "--defaults"]
        project = WORK / f"up-{tool}"
        if not measure(source):
            continue
        git(project, "init", "-q"), git(project, "add", "-A"), git(project, "commit", "-qm", "1")
        for number in range(50):
            (file,) = project.glob(f"part{number // 20}/*_{number}.txt")
            file.write_text("mine\n" + file.read_text())
        git(project, "add", "-A"), git(project, "commit", "-qm", "mine")
        later = write(1000, tool, changed=50)
        if tool == "copier":
            git(later, "add", "-A"), git(later, "commit", "-qm", "2"), git(later, "tag", "v2.0.0")
            argv = ["copier", "update", "--defaults", "--quiet"]
        else:
            shutil.rmtree(WORK / "h/templates/gaia1000")
            later.rename(WORK / "h/templates/gaia1000")
            argv = [gaia, "scaffold", "update", ".", "--defaults"]
        if seen := measure(argv, project):
            merged = sum("mine" in f.read_text() and "a new line" in f.read_text() for f in project.glob("part*/*.txt"))
            rows[tool] = (*seen, merged)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gaia", default=str(ROOT / "target/release/gaia"))
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    args.gaia = str(pathlib.Path(args.gaia).absolute())
    (WORK / "home").mkdir()
    try:
        table = make(args.gaia, args.runs)
        print(f"{platform.system()} {platform.release()}, {os.cpu_count()} cores, median of {args.runs}\n")
        print("| s, peak MiB | 10 files | 1,000 files |\n|---|---|---|")
        print("| bar | " + " | ".join("≤ " + bar for bar in BARS.values()) + " |")
        for name, row in table.items():
            cell = lambda seen: " / ".join(f"{statistics.median(v):.{d}f}" for v, d in zip(zip(*seen), (3, 0)))
            print(f"| {name} | " + " | ".join(cell(row[count]) if count in row else "–" for count in BARS) + " |")
        print("\n| update of 1,000 files, 50 changed on both sides | s | MiB | merged |\n|---|---|---|---|\n| bar | ≤ 1 | | 50 |")
        for name, (took, memory, merged) in update(args.gaia).items():
            print(f"| {name} | {took:.2f} | {memory:.0f} | {merged} |")
    finally:
        shutil.rmtree(WORK, ignore_errors=True)


main()
