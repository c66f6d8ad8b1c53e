#!/usr/bin/env python3
"""What becomes of hostile and broken templates: gaia beside cookiecutter and copier where they are on PATH.

For each case: how the command ended, whether anything was written outside of the target, what was left of the target.
Each command has 20 seconds and 2 GiB. Works in a folder of its own.
"""
import argparse, json, os, pathlib, resource, shutil, subprocess, tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WORK = pathlib.Path(tempfile.mkdtemp(prefix="gx", dir="/tmp"))
LOOP = {"gaia": "{% for a in range(end=5000) %}{% for b in range(end=5000) %}{% for c in range(end=5000) %}{% endfor %}{% endfor %}{% endfor %}"}
JINJA_LOOP = "{% for a in range(5000) %}{% for b in range(5000) %}{% for c in range(5000) %}{% endfor %}{% endfor %}{% endfor %}"
DOUBLE = "{% set s0 = 'aaaaaaaaaaaaaaaa' %}" + "".join("{% set s" + str(n + 1) + " = s" + str(n) + " ~ s" + str(n) + " %}" for n in range(30)) + "{{ s30 }}"

# Case: files of the template (bytes, or where a link leads), answers.
CASES = {
    "an answer leads out: ../../out": ({"{{ V.name }}/a": b"x"}, {"name": "../../out"}),
    "an absolute answer: /…/out": ({"{{ V.name }}/a": b"x"}, {"name": str(WORK / "out")}),
    "a link in the template leads out": ({"link": WORK / "secret", "a": b"x"}, {}),
    "an unknown variable": ({"a": b"x", "b.T": "{{ V.nothing }}"}, {}),
    "an error in the 5th of 9 files": ({f"f{n}{'.T' if n == 5 else ''}": "{{ oops" if n == 5 else b"x" for n in range(1, 10)}, {}),
    "30 doublings of a text": ({"a.T": DOUBLE}, {}),
    "a loop of 125,000,000,000 turns": ({"a.T": "LOOP"}, {}),
    "a hook for git: .git/hooks/pre-commit": ({".git/hooks/pre-commit": b"#!/bin/sh\ntouch /tmp/owned\n"}, {}),
    "a file in Latin-1": ({"a": "naïve\n".encode("latin-1")}, {}),
    "line ends of Windows": ({"a.T": "one\r\n{{ V.name }}\r\n"}, {}),
    "two names that become one": ({"{{ V.name }}.txt": b"1", "same.txt": b"2"}, {"name": "same"}),
    "two names that differ in case only": ({"Readme": b"1", "README": b"2"}, {}),
}


def write(tool, files):
    """The same template in the words of each tool."""
    folder = WORK / "t" / tool
    shutil.rmtree(folder, ignore_errors=True)
    top = folder / {"gaia": "files", "cookiecutter": "{{cookiecutter.target}}", "copier": ""}[tool]
    variable = {"gaia": "", "cookiecutter": "cookiecutter.", "copier": ""}[tool]
    suffix = {"gaia": ".tera", "cookiecutter": "", "copier": ".jinja"}[tool]
    for name, content in files.items():
        path = top / name.replace("V.", variable).replace(".T", suffix)
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, pathlib.Path):
            path.symlink_to(content)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            text = content.replace("LOOP", LOOP.get(tool, JINJA_LOOP)).replace("V.", variable)
            path.write_bytes(text.encode())
    if tool == "gaia":
        (folder / "template.toml").write_text("name = 'gaia'\nversion = '1.0.0'\n[answers.name]\ntype = 'text'\ndefault = 'x'\n")
    if tool == "cookiecutter":
        (folder / "cookiecutter.json").write_text(json.dumps({"target": "p", "name": "x"}))
    if tool == "copier":
        (folder / "copier.yml").write_text("name: {type: str, default: x}\n")
    return folder


def command(tool, gaia, folder, out, answers):
    pairs = [f"{name}={value}" for name, value in answers.items()]
    if tool == "gaia":
        return [gaia, "scaffold", "new", folder, out / "p", "--defaults", *sum((["--var", pair] for pair in pairs), [])]
    if tool == "cookiecutter":
        return ["cookiecutter", "--no-input", "-o", out, folder, *pairs]
    return ["copier", "copy", "--defaults", "--quiet", *sum((["-d", pair] for pair in pairs), []), folder, out / "p"]


def outcome(tool, gaia, files, answers):
    out = WORK / "o" / "deep"
    shutil.rmtree(WORK / "o", ignore_errors=True), shutil.rmtree(WORK / "out", ignore_errors=True)
    out.mkdir(parents=True)
    folder = write(tool, files)
    limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
    env = dict(os.environ, HOME=str(WORK / "home"), GAIA_HOME=str(WORK / "h"))
    try:
        done = subprocess.run([str(word) for word in command(tool, gaia, folder, out, answers)], env=env, cwd=WORK, timeout=20,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=limit)
        ended = "made" if done.returncode == 0 else f"refused ({done.returncode})"
    except subprocess.TimeoutExpired:
        ended = "goes on after 20 s"
    target = out / "p"
    written = [path for path in target.rglob("*") if not path.is_dir() and ".gaia" not in path.parts] if target.exists() else []
    outside = (WORK / "out").exists() or (WORK / "o" / "out").exists() or any(p != target and p.name != "p" for p in out.iterdir())
    if outside:
        return ended + ", WROTE OUTSIDE"
    if ended != "made":
        return ended + (f", left {len(written)} files" if written else "")
    return ended + note(target, written)


def note(target, written):
    """What a project that was made shows of the case."""
    text = b"".join(path.read_bytes() for path in written if path.is_file())
    if any(path.is_symlink() and not path.resolve().is_relative_to(target) for path in written):
        return " with the link"
    if b"secret text" in text:
        return " WITH THE TEXT OF THE LINK'S END"
    if any(".git" in path.parts for path in written):
        return " WITH THE HOOK"
    if b"one" in text:
        return ", kept" if b"one\r\n" in text else ", CHANGED"
    if "naïve".encode("latin-1") in text:
        return ", kept"
    return f", {len(written)} files"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gaia", default=str(ROOT / "target/release/gaia"))
    gaia = str(pathlib.Path(parser.parse_args().gaia).absolute())
    (WORK / "home").mkdir()
    (WORK / "secret").write_text("secret text")
    tools = ["gaia", *filter(shutil.which, ["cookiecutter", "copier"])]
    try:
        print("| case | " + " | ".join(tools) + " |\n|" + "---|" * (len(tools) + 1))
        for name, (files, answers) in CASES.items():
            print(f"| {name} | " + " | ".join(outcome(tool, gaia, files, answers) for tool in tools) + " |", flush=True)
    finally:
        shutil.rmtree(WORK, ignore_errors=True)


main()
