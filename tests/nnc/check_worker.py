"""Asks nnc-worker for builds, among them such as fail: check_worker.py RELEASE_FOLDER WORK_FOLDER, where blur.hlpipe is."""
import json
import os
import signal
import subprocess
import sys
import threading
import time

PREFIX = "nnc-worker:"
release, work = sys.argv[1:]
plugin = os.path.join(release, "libautoschedule_srivastava2020.so")
worker = subprocess.Popen([os.path.join(release, "nnc-worker")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ask(request):
    worker.stdin.write(json.dumps(request) + "\n")
    worker.stdin.flush()
    line = worker.stdout.readline()
    assert line.startswith(PREFIX), line
    return json.loads(line[len(PREFIX) :])


def build(target="host", seconds=60, memory_bytes=4_000_000_000, **params):
    job = {
        "target": target,
        "autoscheduler": {"plugin": plugin, "name": "Srivastava2020", "params": list(params.items())},
        "function": "blur",
        "object": os.path.join(work, "blur.o"),
        "stmt": None,
        "hlpipe": os.path.join(work, "scheduled.hlpipe"),
        "limits": {"memory_bytes": memory_bytes, "seconds": seconds},
    }
    return ask({"Do": job})


def children():
    with open(f"/proc/{worker.pid}/task/{worker.pid}/children") as file:
        return [int(pid) for pid in file.read().split()]


def kill_child():
    while not children():
        time.sleep(0.001)
    os.kill(children()[0], signal.SIGKILL)


def open_file(path):
    estimates = {"buffers": [["input", [[0, 640], [0, 480]]]], "scalars": []}
    return ask({"Open": {"path": path, "estimates": estimates, "arguments": ["input"]}})


assert "no pipeline" in build()["Error"]["message"]
assert "cannot read" in open_file("/no/such/file")["Error"]["message"]
assert "makes no sense" in ask({"Ope": 1})["Error"]["message"]
assert open_file(os.path.join(work, "blur.hlpipe")) == "Opened"
good = build()["Done"]
assert good["end"] == {"Exited": 0} and good["progress"]["compile_seconds"] > 0, good
assert os.path.getsize(os.path.join(work, "blur.o")) > 0 and os.path.getsize(os.path.join(work, "scheduled.hlpipe")) > 0
refused = build(strategy="best")["Done"]
assert refused["end"] == {"Exited": 1} and "accepted parameters" in refused["said"], refused
assert build(seconds=0.01)["Done"]["end"] == "TimedOut"
starved = build(memory_bytes=100_000_000)["Done"]
assert starved["end"] != {"Exited": 0}, starved
killer = threading.Thread(target=kill_child)
killer.start()
assert build()["Done"]["end"] == {"Signalled": signal.SIGKILL}
killer.join()
assert build()["Done"]["end"] == {"Exited": 0} and not children()
worker.stdin.close()
assert worker.wait(timeout=10) == 0
