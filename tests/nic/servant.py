#!/usr/bin/python3
"""Runs in the guest and does what the tests ask for, by lines of JSON over a virtio serial port.

    {"do": "run", "command": [...], "seconds": n}    {"code", "out", "err"}
    {"do": "spawn", "command": [...], "log": path}       {"pid"}
    {"do": "poll", "pid": n}                             {"code"}, null while it runs
    {"do": "kill", "pid": n, "signal": n}                {}
    {"do": "http", "socket": path, "method", "path", "body"}    {"status", "body"}

What goes wrong is answered by {"error": text}. A request's number, "request", stands in its answer.
"""

import glob
import json
import os
import socket as sockets
import subprocess
import time
from http.client import HTTPConnection

PORT = "/dev/vport*p1"  # numbered by the order in which the kernel finds virtio devices
children = {}


class UnixConnection(HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self):
        self.sock = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def run(command, seconds):
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds
    )
    return {"code": done.returncode, "out": done.stdout, "err": done.stderr}


def spawn(command, log):
    with open(log, "w") as file:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    children[child.pid] = child
    return {"pid": child.pid}


def poll(pid):
    return {"code": children[pid].poll()}


def kill(pid, signal):
    children[pid].send_signal(signal)
    return {}


def http(socket, method, path, body):
    connection = UnixConnection(socket)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return {"status": answer.status, "body": answer.read().decode()}
    finally:
        connection.close()


DEEDS = {deed.__name__: deed for deed in (run, spawn, poll, kill, http)}


def answer(line):
    request = json.loads(line)
    number = request.pop("request")
    try:
        told = DEEDS[request.pop("do")](**request)
    except Exception as error:  # whatever it was, the tests want to hear of it
        told = {"error": f"{type(error).__name__}: {error}"}
    return {"request": number, **told}


def send(port, message):
    data = json.dumps(message).encode() + b"\n"
    while data:
        data = data[os.write(port, data) :]


def main():
    while not (found := glob.glob(PORT)):  # made a moment after the driver is loaded
        time.sleep(0.01)
    port = os.open(found[0], os.O_RDWR)
    send(port, {"ready": time.monotonic()})
    waiting = b""
    while data := os.read(port, 65536):
        *lines, waiting = (waiting + data).split(b"\n")
        for line in lines:
            send(port, answer(line))


if __name__ == "__main__":
    main()
