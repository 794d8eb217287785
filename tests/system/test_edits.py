#!/usr/bin/python3
"""Random edits of a running router under load: after each it is what a fresh start of the same file
would be, and what is not edited loses nothing and goes nowhere else."""

import json
import os
import random
import time

import harness
from edits import Edits, copy
from lab import Lab, run, wait_until
from load import Load
from router import CLI, Weir, configuration, ethernet

EDITS = int(os.environ.get("WEIR_EDITS", 25))  # a thousand take half an hour
COMPARED = int(os.environ.get("WEIR_COMPARED", 1))  # with a fresh start: every so manieth of them
SEED = int(os.environ.get("WEIR_SEED", 7))
# Of the rate without a drop; 0: as many as a machine that builds meanwhile can bear.
SHARE = float(os.environ.get("WEIR_LOAD", 0))
GENTLE = 5000


class RandomEdits(harness.SystemTest):
    """left - router - right, which is not edited, and edited and behind, which are."""

    @classmethod
    def arrange(cls, lab):
        cls.left = lab.host("left", "10.0.0.2/24", "10.0.0.1")
        cls.right = lab.host("right", "10.0.1.2/24", "10.0.1.1")
        cls.edited = [lab.host("edited"), lab.host("behind")]
        ethernets = {}
        for number in range(2):
            ethernets |= ethernet(f"p{number}", f"10.0.{number}.1/24")
        ethernets |= ethernet("p2") | ethernet("p3")
        routes = [{"to": f"10.50.{n}.0/24", "via": "10.0.1.2"} for n in range(8)]
        return configuration(ethernets, routes=routes)

    def setUp(self):
        self.need_weir()
        if SHARE:  # the worker's core is nobody else's
            self.addCleanup(os.sched_setaffinity, 0, os.sched_getaffinity(0))
            os.sched_setaffinity(0, os.sched_getaffinity(0) - set(self.worker_cores()))

    def worker_cores(self):
        return self.router.api.get("/v1/config?format=json")["system"]["worker_cores"]

    def missed(self):
        """What the kernel did not give the router or take from it: a core was somebody else's."""
        rows = self.router.api.get("/v1/interfaces")["interfaces"]
        missed = next(row["rx_missed"] for row in rows if row["name"] == self.left.port)
        return missed + self.router.dropped("tx-queue-full")

    def drops(self, before):
        """On the way that is not edited, by reason."""
        ports = (self.left.port, self.right.port)
        return {
            f"{port} {reason}": count - before.get((port, reason), 0)
            for (port, reason), count in self.router.drops().items()
            if port in ports and count != before.get((port, reason), 0)
        }

    @staticmethod
    def state(router):
        get = router.api.get
        routes = get("/v1/routes?limit=10000")["routes"]
        static = [n for n in router.neighbors().values() if n["state"] == "PERMANENT"]
        stations = [s for s in get("/v1/stations?limit=10000")["stations"] if s["type"] == "static"]
        config = get("/v1/config?format=json")
        for port in config["ethernets"]:
            del port["match"]
        config["ethernets"].sort(key=lambda port: port["name"])
        del config["file"], config["services"], config["system"]
        keys = ("addresses", "kind", "mtu", "link", "vlan_ids", "bridge", "zone")
        member_keys = ("interface", "isolated", "split_horizon", "learning", "max_stations",
                       "port_priority")
        return {
            "routes": sorted(json.dumps(route) for route in routes),
            "static": sorted((n["ip"], n["mac"], n["interface"]) for n in static),
            "interfaces": {
                row["name"]: {key: row[key] for key in keys}
                for row in get("/v1/interfaces")["interfaces"]
            },
            "bridges": {
                row["name"]: {
                    "members": [{key: m[key] for key in member_keys} for m in row["members"]],
                    "mtu": row["mtu"], "max": row["max_stations"], "age": row["ageing_seconds"],
                    "tree": row["spanning_tree"] is not None, "igmp": row["igmp_snooping"],
                }
                for row in get("/v1/bridges")["bridges"]
            },
            "stations": sorted((s["bridge"], s["mac"], s["interface"]) for s in stations),
            "config": config,
        }

    def fresh(self, config):
        """What a start of this configuration gives, with ports that lead nowhere."""
        config = copy(config)
        for number, port in enumerate(config["ethernets"].values()):
            port["match"] = {"vdev": f"net_null{number}"}
        with Lab() as lab:
            router = Weir(lab, config)
            router.start()
            up = wait_until(lambda: len(router.api.get("/v1/routes")["routes"]) > 8, 5)
            self.assertTrue(up)
            try:
                return self.state(router)
            finally:
                router.stop()

    def test_after_each_edit_as_a_fresh_start(self):
        with open(self.router.file) as file:
            edits = Edits(json.load(file), random.Random(SEED))
        # What waits for a neighbor not yet known may be dropped; that is not this test's matter.
        self.left.run("ping", "-c", "1", "-W", "5", "10.0.1.2")
        load = Load(self.left, self.right, self.edited, self.lab.path("load.pcap"))
        rate = SHARE * load.no_drop_rate() if SHARE else GENTLE
        done, begun, missed, drops = [], time.monotonic(), self.missed(), self.router.drops()
        load.start(rate)
        for _ in range(EDITS):
            what = edits.edit()
            path = self.lab.path("edit.yaml")
            with open(path, "w") as file:
                json.dump(edits.config, file)
            run(CLI, "--socket", self.router.socket, "apply", path)
            done.append((what, copy(edits.config), self.state(self.router)))
        seconds = time.monotonic() - begun
        sent, lost, strayed = load.stop()
        missed = self.missed() - missed
        figures = (
            f"{EDITS} edits in {seconds:.1f} s beside {load.rate:,.0f} packets a second (wanted: "
            f"{rate:,.0f}): {sent:,} sent, {lost} lost, {missed} of them in the kernel, {strayed} "
            f"strayed; dropped: {self.drops(drops)}")
        harness.say(figures)
        for number, (what, config, ours) in list(enumerate(done))[::COMPARED]:
            fresh = self.fresh(config)
            for key, value in fresh.items():
                self.assertEqual(ours[key], value, f"edit {number}, {what}, {key}: {config}")
        self.assertLessEqual(lost, missed, figures)
        self.assertEqual(strayed, 0, figures)


if __name__ == "__main__":
    harness.main()
